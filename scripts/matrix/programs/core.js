/** What must work wherever the package loads: nothing here is of one runtime. */
import { sleep } from 'effection'
import {
  callLimit,
  gather,
  HashTask,
  limits,
  rateLimit,
  Semaphore,
  SleepTask,
  TaskCancelledError,
  TaskManager,
  TaskRunner,
} from 'taskscope'
import { Mutex } from 'taskscope/compat/async-mutex'
import fastq from 'taskscope/compat/fastq'
import pLimit from 'taskscope/compat/p-limit'
import pMap from 'taskscope/compat/p-map'
import PQueue from 'taskscope/compat/p-queue'
import pRetry from 'taskscope/compat/p-retry'
import { currentTask, TaskWorker, task } from 'taskscope/worker'

export function expect(what, actual, expected) {
  if (actual !== expected) throw new Error(`${what}: expected ${expected}, got ${actual}`)
}

/** @param hasContexts whether there is an AsyncLocalStorage */
export async function core(hasContexts = true) {
  await manages()
  await limitsCalls()
  await keepsRecords()
  await callsFunctions(hasContexts)
  await hasFaces()
  return 'core works'
}

async function manages() {
  const manager = await TaskManager.start({ maxTasks: 2 })
  const operation = function* () {
    yield* sleep(1)
    return 2
  }
  const results = await gather([manager.spawn(() => 1), manager.spawn(operation), manager.spawn(async () => 3)])
  expect('results', results.join(), '1,2,3')
  expect('a map', (await manager.map([1, 2, 3], async x => x * x).toArray()).join(), '1,4,9')

  let stopped = false
  const working = manager.spawn(async ({ signal }) => {
    await new Promise(resolve => signal.addEventListener('abort', resolve))
    await new Promise(resolve => setTimeout(resolve, 5))
    stopped = true
    signal.throwIfAborted()
  })
  await new Promise(resolve => setTimeout(resolve))
  await working.cancel('no longer needed')
  expect('the work has stopped', stopped, true)
  expect('its error', (await working.catch(error => error)) instanceof TaskCancelledError, true)
  const late = manager.spawn(({ signal }) => new Promise(resolve => signal.addEventListener('abort', resolve)), {
    timeout: 5,
  })
  expect('a timeout', (await late.catch(error => error)).code, 'ERR_TASK_TIMEOUT')
  const many = Array.from({ length: 2_000 }, (_, index) => manager.spawn(() => index))
  expect('many tasks', (await gather(many)).length, 2_000)
  const { done, failed, cancelled } = await manager.close()
  expect('a report', [done, failed, cancelled].join(), '2006,1,1')
}

async function limitsCalls() {
  const semaphore = new Semaphore(1)
  const permit = await semaphore.acquire()
  expect('a semaphore', semaphore.tryAcquire(), undefined)
  permit.release()
  const both = limits([callLimit(1_000, 1_000), rateLimit({ key: 'tokens', capacity: 10, per: 1_000 })])
  const manager = await TaskManager.start()
  expect(
    'limits',
    (await manager.map([1, 2, 3], x => x, { limits: both, cost: { tokens: 1 } }).toArray()).join(),
    '1,2,3',
  )
  await manager.close()
}

async function keepsRecords() {
  const runner = await TaskRunner.start()
  await runner.submit(new SleepTask({ ms: 2 }))
  const hash = await runner.submit(new HashTask({ text: 'abc' }))
  expect('a hash', hash.slice(0, 8), 'ba7816bf')
  expect('a record', runner.getRecord(1)?.status, 'done')
  const { runTime } = runner.stats()
  expect('a histogram', runTime.count === 2 && runTime.p50 >= 0 && runTime.p50 <= runTime.max, true)
  await runner.close()
}

async function callsFunctions(hasContexts) {
  for (const mode of ['sync', 'async']) {
    const square = task(x => x * x, { mode })
    expect(`mode ${mode}`, (await square.map([1, 2, 3], { progress: () => {} }).toArray()).join(), '1,4,9')
    await square.stop()
  }
  const worker = await TaskWorker.start()
  const asks = worker.submit(() => currentTask().name)
  expect('currentTask()', (await asks.catch(error => error)) instanceof TypeError, !hasContexts)
  await worker.stop()
}

/** `taskscope/compat`. */
async function hasFaces() {
  const double = async x => 2 * x
  const limit = pLimit(2)
  expect('p-limit', (await Promise.all([1, 2, 3].map(x => limit(double, x)))).join(), '2,4,6')
  expect('p-map', (await pMap([1, 2, 3], double, { concurrency: 2 })).join(), '2,4,6')
  const queue = new PQueue({ concurrency: 1 })
  expect('p-queue', await queue.add(() => double(2), { priority: 1 }), 4)
  await queue.onIdle()
  const flaky = async attempt => (attempt < 3 ? Promise.reject(new Error('not yet')) : attempt)
  expect('p-retry', await pRetry(flaky, { minTimeout: 1 }), 3)
  expect('fastq', await fastq.promise(double, 1).push(3), 6)
  expect('async-mutex', await new Mutex().runExclusive(() => double(4)), 8)
}

/** Where there are no threads. */
export async function hasNoThreads() {
  const error = await TaskWorker.start({ mode: 'thread' }).catch(error => error)
  expect('the error of threads', /^the mode 'thread' needs Node/.test(error.message), true)
}
