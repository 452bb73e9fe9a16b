import { deepStrictEqual } from 'node:assert'
import { all, run, spawn } from 'effection'
import { describe, expect, it } from 'vitest'
import { asCompleted, callLimit, gather, resourceLimit, Semaphore, TaskManager, wait, zip } from '../../src/index.ts'
import { task } from '../../src/worker.ts'
import { failureOf } from '../work.ts'

async function handleOf<T>(value: T) {
  const manager = await TaskManager.start()
  return { manager, handle: manager.spawn(async () => value) }
}

describe('a handle given where a list is meant', () => {
  it.each<[string, (handle: never) => unknown]>([
    ['a spread', handle => [...(handle as Iterable<unknown>)]],
    ['Array.from', handle => Array.from(handle as Iterable<unknown>)],
    ['a Set', handle => new Set(handle as Iterable<unknown>)],
    ['Promise.all', handle => Promise.all(handle as Iterable<unknown>)],
    ['Promise.race', handle => Promise.race(handle as Iterable<unknown>)],
    [
      'a loop',
      handle => {
        for (const _ of handle as Iterable<unknown>);
      },
    ],
    [
      'a loop that is left',
      handle => {
        for (const _ of handle as Iterable<unknown>) break
      },
    ],
    [
      'destructuring',
      handle => {
        const [first] = handle as Iterable<unknown>
        return first
      },
    ],
    ['gather', handle => gather(handle)],
    ['wait', handle => wait(handle)],
    ['asCompleted', handle => asCompleted(handle)],
    ['zip', handle => zip([1], handle)],
  ])('is a TypeError that says so: %s', async (_, use) => {
    const { handle } = await handleOf(1)
    const error = await failureOf((async () => await use(handle as never))())
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(/write \w*\(?\[(it|handle)\]/)
    expect(await handle).toBe(1)
  })

  it('is one for map, of a manager and of a worker', async () => {
    const { manager, handle } = await handleOf(1)
    expect(() => manager.map(handle as never, n => n)).toThrow(/items must be a list, got one promise/)
    const double = task((n: number) => n * 2)
    expect(() => double.map(handle as never)).toThrow(/input 1 of map must be a list, got one promise/)
    await double.stop()
  })

  it('is no list of permits either', async () => {
    const semaphore = new Semaphore(1)
    const limit = callLimit(1, 1_000)
    for (const one of [semaphore.acquire(), resourceLimit({ key: 'a', capacity: 1 }).acquire(), limit.acquire()]) {
      expect(() => [...(one as Iterable<unknown>)]).toThrow(TypeError)
      ;(await one).release()
    }
    const work = semaphore.use(() => 'used')
    expect(() => [...(work as Iterable<unknown>)]).toThrow(TypeError)
  })

  it('never ends in a comparison', async () => {
    const { handle } = await handleOf(1)
    const { handle: other } = await handleOf(1)
    expect(() => expect(handle).toEqual(other)).toThrow()
    expect(() => deepStrictEqual(handle, other)).not.toThrow(RangeError)
    expect(handle === (other as unknown)).toBe(false)
  })
})

describe('yield* on a handle', () => {
  it('gives the result, also undefined, and throws the failure', async () => {
    const manager = await TaskManager.start()
    const results = await run(function* () {
      const first = yield* manager.spawn(async () => 'first')
      const nothing = yield* manager.spawn(() => undefined)
      let caught: unknown
      try {
        yield* manager.spawn(() => Promise.reject('no'))
      } catch (error) {
        caught = error
      }
      return [first, nothing, caught]
    })
    expect(results).toEqual(['first', undefined, 'no'])
  })

  it('works through operations of effection, and in a task', async () => {
    const manager = await TaskManager.start()
    const sum = manager.spawn(function* () {
      const child = yield* spawn(() => manager.spawn(() => 1))
      const [a, b] = yield* all([manager.spawn(() => 2), manager.spawn(async () => 3)])
      return (yield* child) + a + b
    })
    expect(await sum).toBe(6)
  })

  it('can be halted while it waits', async () => {
    const manager = await TaskManager.start({ cleanupTimeout: 0 })
    const endless = manager.spawn(() => new Promise<never>(() => {}))
    const waiting = run(() => endless)
    await endless.accepted
    await waiting.halt()
    expect(endless.status).toBe('running')
    await endless.cancel()
  })
})
