import type { ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { serve } from '../../src/bullmq.ts'
import { type TaskFunction, task, type WorkerOptions } from '../../src/worker.ts'
import { echo, gated, pid } from '../fixtures/bullmq/functions.ts'
import { until } from '../harness.ts'
import { describeEachServer } from '../servers/describe-each-server.ts'
import { ownQueue } from '../servers/queues.ts'
import { temporaryFolder } from '../servers/temporary-folder.ts'
import { failureOf } from '../work.ts'
import { eventCount } from './faults/engine.ts'
import { startWorker } from './worker-process.ts'

type Where = Required<Pick<WorkerOptions, 'connection' | 'queue'>>

function caller<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  where: Where,
  name = fn.name,
): TaskFunction<A, R> {
  const made = task(fn, { ...where, mode: 'distributed', name })
  onTestFinished(async () => void (await made.close({ timeout: 0 })))
  return made
}

/** A worker of the version before, in a process that can be frozen: it gives a call up after some tries, however soon. */
async function oldWorker(where: Where): Promise<ChildProcess> {
  const module = join(temporaryFolder(), 'old.mjs')
  writeFileSync(module, 'export const pid = () => process.pid')
  const worker = await startWorker(pathToFileURL(module), where)
  onTestFinished(() => worker[Symbol.asyncDispose]())
  return worker.child
}

describeEachServer('workers of two versions', server => {
  it('fail no call of a function that only one of them has', async () => {
    const where = { connection: server.url, queue: ownQueue(server) }
    await using _old = await serve([pid], where)
    await using _new = await serve([pid, echo], { ...where, maxTasks: 4 })
    const numbers = Array.from({ length: 100 }, (_, index) => index)
    expect(
      await caller(echo<number>, where)
        .map(numbers)
        .toArray(),
    ).toEqual(numbers)
  })

  it('leave a call to the one that comes later', async () => {
    const where = { connection: server.url, queue: ownQueue(server) }
    const old = await oldWorker(where)
    const call = caller(echo<number>, where)(1)
    await until(async () => (await eventCount(server, where.queue, 'delayed')) > 0)
    old.kill('SIGSTOP')
    await using _new = await serve([echo], where)
    old.kill('SIGCONT')
    expect(await call).toBe(1)
  })
})

describeEachServer('a call that a worker has given back', server => {
  it('is no longer one that runs, for its timeout as well, until another worker has it', async () => {
    const where = { connection: server.url, queue: ownQueue(server) }
    const old = await oldWorker(where)
    const call = caller(echo<number>, where)
    const answer = call(1)
    // Each time until the old worker draws it again, and after some of them for good.
    await until(() => call.stats().dispatched === 1 && call.stats().active === 0)
    old.kill('SIGSTOP')
    await using _new = await serve([echo], where)
    old.kill('SIGCONT')
    expect(await answer).toBe(1)
    expect(call.stats()).toMatchObject({ dispatched: 1, active: 0 })
  })

  it('waits as before where the worker that has its function is busy', async () => {
    const folder = temporaryFolder()
    const [notes, gate] = [join(folder, 'notes'), join(folder, 'gate')]
    const where = { connection: server.url, queue: ownQueue(server) }
    await using _new = await serve([echo, gated], { ...where, maxTasks: 1 })
    const first = caller(gated<number>, where)(notes, gate, 0)
    await until(() => first.record().progress !== undefined)
    await using _old = await serve([pid], where)
    const call = caller(echo<number>, where)
    const answer = call(1)
    await until(() => call.stats().dispatched === 1 && call.stats().active === 0)
    writeFileSync(gate, '')
    expect(await Promise.all([first, answer])).toEqual([0, 1])
  })
})

describeEachServer('functions that no worker has', server => {
  it('fail their calls after a few tries, whatever they are called', async () => {
    const where = { connection: server.url, queue: ownQueue(server) }
    await using _worker = await serve([pid], where)
    const names = ['missing', 'loading', 'readonlyView', 'constructor', '__proto__', 'toString', 'then', 'default']
    const failures = await Promise.all(names.map(name => failureOf(caller(() => 0, where, name)())))
    expect(failures).toMatchObject(
      names.map(name => ({
        code: 'ERR_SERIALIZATION',
        message: `this worker has no function named '${name}'; it has pid`,
      })),
    )
  })
})
