import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { HashTask, type TaskContext, TaskRunner } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { failureOf } from '../work.ts'
import { startFixture } from '../worker/host/processes.ts'
import { isOpen } from './is-open.ts'

const HASH_OF_ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
/** Hashing it takes for ever. */
const ENDLESS = '/dev/zero'

/** The threads that were started since the test began. */
const threads: Worker[] = []
const remember = (worker: Worker) => threads.push(worker)
beforeEach(() => {
  process.on('worker', remember)
})
afterEach(async () => {
  process.off('worker', remember)
  vi.useRealTimers()
  await Promise.all(threads.splice(0).map(thread => thread.terminate()))
  // The next test begins without threads.
  await settle()
})

describe.skipIf(process.platform !== 'linux')('the threads of HashTasks', () => {
  it('do the work', async () => {
    const runner = await TaskRunner.start()
    const handle = runner.submit(new HashTask({ file: ENDLESS }))
    while (!(await isOpen(ENDLESS))) await settle()
    await threads[0]?.terminate()
    expect(await failureOf(handle)).toMatchObject({ code: 'ERR_WORKER_CRASHED' })
  })

  it('are shared by the runners of the process, and used again', async () => {
    const [first, second] = [await TaskRunner.start(), await TaskRunner.start()]
    for (const runner of [first, second, first, second]) await runner.submit(new HashTask({ text: 'abc' }))
    expect(threads).toHaveLength(1)
  })

  it('are ended by a cancel, each for its own task', async () => {
    const runner = await TaskRunner.start({ cleanupTimeout: 10_000 })
    const endless = runner.submit(new HashTask({ file: ENDLESS }))
    while (!(await isOpen(ENDLESS))) await settle()
    const ended = once(threads[0] as Worker, 'exit')
    await endless.cancel()
    await ended
    expect(await runner.submit(new HashTask({ text: 'abc' }))).toBe(HASH_OF_ABC)
    expect(threads).toHaveLength(2)
  })

  it('are not started for a task that is told to stop as soon as there is a place for it', async () => {
    const stopping = new AbortController()
    const { hashInThread } = await import('../../src/builtin-tasks/hash-in-thread.ts')
    const hash = hashInThread({ file: ENDLESS }, { signal: stopping.signal } as TaskContext)
    stopping.abort('enough')
    expect(await failureOf(hash)).toBe('enough')
    expect(threads).toEqual([])
  })

  it('leave their place to others when they cannot be started', async () => {
    const { getBuiltinModule } = process
    const runner = await TaskRunner.start()
    process.getBuiltinModule = ((name: string) =>
      name === 'node:worker_threads'
        ? {
            Worker: class {
              constructor() {
                throw new Error('no more threads')
              }
            },
          }
        : getBuiltinModule(name)) as typeof getBuiltinModule
    try {
      for (let count = 0; count < 5; count += 1) {
        expect(await failureOf(runner.submit(new HashTask({ text: 'abc' })))).toMatchObject({
          message: 'no more threads',
        })
      }
    } finally {
      process.getBuiltinModule = getBuiltinModule
    }
    expect(await runner.submit(new HashTask({ text: 'abc' }))).toBe(HASH_OF_ABC)
  })

  it('end when they have had nothing to do for ten seconds', async () => {
    // Those of the other tests are watched in real time.
    vi.resetModules()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const runner = await TaskRunner.start()
    await runner.submit(new HashTask({ text: 'abc' }))
    const [thread] = threads as [Worker]
    let ended = false
    const exit = once(thread, 'exit').then(() => {
      ended = true
    })
    await vi.advanceTimersByTimeAsync(9_999)
    expect(ended).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await exit
  })

  it('start whatever else threads of this process load', async () => {
    vi.stubEnv('NODE_OPTIONS', '--require=/nowhere/to/be/found.cjs')
    const runner = await TaskRunner.start()
    const handle = runner.submit(new HashTask({ text: 'abc' }))
    expect(await handle.finally(() => vi.unstubAllEnvs())).toBe(HASH_OF_ABC)
  })

  it('are replaced when one has ended by itself, idle or not', async () => {
    const runner = await TaskRunner.start()
    await runner.submit(new HashTask({ text: 'abc' }))
    await threads[0]?.terminate()
    expect(await runner.submit(new HashTask({ text: 'abc' }))).toBe(HASH_OF_ABC)
    expect(threads).toHaveLength(2)
  })

  it('are few, start with the first task, and let the process exit', async () => {
    const { ended, output } = startFixture('hash-task')
    expect(await ended).toEqual({ exitCode: 0, signal: null })
    expect(output.stdout).toBe('0 threads\n1 hash\na few threads\n')
  })
})
