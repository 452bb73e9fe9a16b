import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { serialize } from 'node:v8'
import type { Queue } from 'bullmq'
import { expect, it, onTestFinished } from 'vitest'
import { TaskWorker } from '../../src/worker.ts'
import { pid } from '../fixtures/bullmq/functions.ts'
import { until } from '../harness.ts'
import { describeEachServer } from '../servers/describe-each-server.ts'
import { ownQueue } from '../servers/queues.ts'
import { temporaryFolder } from '../servers/temporary-folder.ts'
import { withQueue } from './faults/engine.ts'
import { startWorker } from './worker-process.ts'

const FUNCTIONS = new URL('../fixtures/bullmq/functions.ts', import.meta.url)

/** Paths that lead to a member of `Object.prototype`, by names and by numbers. */
const PATHS = [
  ['__proto__', '__proto__', 'execArgv'],
  ['__proto__', 'execArgv'],
  ['constructor', 'prototype', 'execArgv'],
  [0, '__proto__', 'execArgv'],
]

/** Arguments that want to have a flag for every process that is started from then on. */
function forged(flags: readonly string[]): string[] {
  return PATHS.map(path => {
    const error = { path, at: [path], thrown: { value: flags } }
    return `v${serialize({ value: [{}], errors: [error] }).toString('base64')}`
  })
}

const MISSHAPEN = ['j{"a":1}', 'j{"length":100000000}', 'j"abc"', 'jnull', 'u', 'j[', 'v', '']

describeEachServer('a forged job', server => {
  it('fails, and has no part in how the next worker process is started', async () => {
    const name = ownQueue(server, 'forged')
    const { url: connection } = server
    const machine = await startWorker(FUNCTIONS, { connection, queue: name, mode: 'process', maxTasks: 1 })
    onTestFinished(() => machine[Symbol.asyncDispose]())
    const trace = join(temporaryFolder(), 'trace')
    const code = `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(trace)}, '')`
    const flags = ['--import', `data:text/javascript,${encodeURIComponent(code)}`]
    const all = [...forged(flags), ...MISSHAPEN]
    const reasons = await withQueue(server, name, async queue => {
      const jobs = await Promise.all(all.map(args => queue.add('pid', { args, task: [1, 1] })))
      return await Promise.all(jobs.map(({ id }) => failedReason(queue, id as string)))
    })
    const caller = await TaskWorker.start({ mode: 'distributed', connection, queue: name, module: FUNCTIONS })
    onTestFinished(async () => void (await caller.close({ timeout: 0 })))
    expect(await caller.submit(pid)).not.toBe(machine.child.pid)
    expect(existsSync(trace)).toBe(false)
    expect(reasons).toEqual(all.map(() => expect.stringMatching(/^SerializationError: /)))
  })
})

/** Why a job has failed; `undefined` when it has not. */
async function failedReason(queue: Pick<Queue, 'getJob'>, id: string): Promise<string | undefined> {
  const over = async () => {
    const job = await queue.getJob(id)
    return job?.finishedOn === undefined ? undefined : job
  }
  return (await until(over)).failedReason
}
