import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import {
  limitPool,
  limits,
  metricsText,
  rateLimit,
  resourceLimit,
  Semaphore,
  TaskManager,
  TaskRunner,
} from '../../src/index.ts'
import { TaskWorker } from '../../src/worker.ts'
import { settle } from '../harness.ts'

const found = spawnSync('promtool', ['--version']).status === 0
/** Where the servers must be there this must be, too. */
const required = process.env.TASKSCOPE_REQUIRE_SERVERS === '1'

/** What Prometheus's own tool has to say against a text. */
function complaints(text: string): string {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text })
  return status === 0 ? '' : `${stdout}${stderr}` || `promtool ended with ${status}`
}

it.skipIf(!found && !required)('promtool accepts what is told under load, whatever the names', async () => {
  const limit = resourceLimit({ key: 'files "open"\n', capacity: 3 })
  const api = limits([limit, rateLimit({ key: '\\tokens', capacity: 1_000, per: 1_000, algorithm: 'gcra' })])
  await using manager = await TaskManager.start({ name: 'a"b\\c\nd\u2028é\u0000\ud800', maxTasks: 5 })
  await using runner = await TaskRunner.start({ workers: 2, queueSize: 5, submitPolicy: 'dropOldest', onError() {} })
  await using worker = await TaskWorker.start({ mode: 'thread', maxWorkers: 1 })
  await using second = await TaskManager.start({ maxTasks: Number.POSITIVE_INFINITY })
  await using third = await TaskManager.start()
  const semaphore = new Semaphore(2)
  const targets = [manager, runner, worker, second, third, api, limit, semaphore, { pool: limitPool([api, semaphore]) }]
  expect(complaints(metricsText(...targets))).toBe('')
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 200; i++) {
      manager.spawn(() => semaphore.use(settle), { limits: api, cost: { '\\tokens': 1 } })
      runner.submit(
        async () => {
          if (i % 2 === 0) throw new Error('sometimes')
        },
        { retry: { retries: 1, wait: 0 } },
      )
    }
    const call = worker.submit((x: number) => x, round)
    expect(complaints(metricsText(...targets))).toBe('')
    await call
  }
  await manager.cancelAll()
  expect(complaints(metricsText(...targets))).toBe('')
})
