import { describe, expect, it } from 'vitest'
import { DeadlockError, gather, type TaskHandle, TaskManager, wait } from '../../src/index.ts'
import { autojump } from '../harness.ts'
import { forever } from '../work.ts'
import { listenersOf } from './listeners.ts'

const sleep = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))

async function three(): Promise<TaskHandle<string>[]> {
  const manager = await TaskManager.start(3)
  const after = (ms: number, fail = false) =>
    manager.spawn(async () => {
      await sleep(ms)
      if (fail) throw new Error(`failed after ${ms}`)
      return `slept ${ms}`
    })
  return [after(30), after(10), after(20, true)]
}

/** By identity: `toEqual` would walk through a handle, which is iterable. */
function expectEach(actual: readonly unknown[], expected: readonly unknown[]): void {
  expect(actual.length).toBe(expected.length)
  for (const [index, each] of actual.entries()) expect(each === expected[index]).toBe(true)
}

type Split = { done: readonly unknown[]; pending: readonly unknown[] }

function expectSame(actual: Split, expected: Split): void {
  expectEach(actual.done, expected.done)
  expectEach(actual.pending, expected.pending)
}

/** The same handles, and how often they were asked whether they have ended. */
function countingDone(handles: readonly TaskHandle<unknown>[]) {
  let asked = 0
  for (const handle of handles) {
    const done = handle.done.bind(handle)
    handle.done = () => {
      asked += 1
      return done()
    }
  }
  return { handles, count: () => asked }
}

describe('wait', () => {
  it('returns when all have ended, in the order given, failures included', async () => {
    const { elapsed } = await autojump(async () => {
      const handles = await three()
      expectSame(await wait(handles), { done: handles, pending: [] })
    })
    expect(elapsed).toBe(30)
  })

  it('returns at the first end', async () => {
    const { elapsed } = await autojump(async () => {
      const handles = await three()
      const { done, pending } = await wait(handles, { returnWhen: 'first' })
      expectEach(done, [handles[1]])
      expectEach(pending, [handles[0], handles[2]])
    })
    expect(elapsed).toBe(10)
  })

  it('returns at the first failure', async () => {
    const { elapsed } = await autojump(async () => {
      const handles = await three()
      const { done, pending } = await wait(handles, { returnWhen: 'firstException' })
      expectEach(done, [handles[1], handles[2]])
      expectEach(pending, [handles[0]])
    })
    expect(elapsed).toBe(20)
  })

  it('returns when waiting for the first exception and none fails', async () => {
    await autojump(async () => {
      const manager = await TaskManager.start()
      const handles = [manager.spawn(() => 1), manager.spawn(() => 2)]
      expectSame(await wait(handles, { returnWhen: 'firstException' }), { done: handles, pending: [] })
    })
  })

  it('gives a snapshot after the timeout and cancels nothing', async () => {
    await autojump(async () => {
      const handles = await three()
      const { done, pending } = await wait(handles, { timeout: 15 })
      expectEach(done, [handles[1]])
      expectEach(pending, [handles[0], handles[2]])
      expect(await handles[0]).toBe('slept 30')
    })
  })

  it('leaves no timer behind when it returns early', async () => {
    const { elapsed } = await autojump(async () => {
      await wait(await three(), { timeout: 5_000 })
    })
    expect(elapsed).toBe(30)
  })

  it('returns at once when there is nothing to wait for', async () => {
    for (const returnWhen of ['all', 'first', 'firstException'] as const) {
      expectSame(await wait([], { returnWhen }), { done: [], pending: [] })
    }
  })

  it('takes handles written out, and options after them', async () => {
    await autojump(async () => {
      const [a, b, c] = (await three()) as [TaskHandle<string>, TaskHandle<string>, TaskHandle<string>]
      expectSame(await wait(a, b, { returnWhen: 'first' }), { done: [b], pending: [a] })
      expectSame(await wait(a, b, c), { done: [a, b, c], pending: [] })
      // @ts-expect-error one is no list
      await expect(wait(a)).rejects.toThrow(/write wait\(\[handle\]\)/)
    })
  })

  it.each(['all', 'first', 'firstException'] as const)('is linear: %s of 4,000', async returnWhen => {
    const manager = await TaskManager.start()
    const calls = countingDone(Array.from({ length: 4_000 }, () => manager.spawn(() => {})))
    await wait(calls.handles, { returnWhen, timeout: 60_000 })
    await manager.drain()
    expect(calls.count()).toBeLessThan(4_000 * 8)
  })

  it('leaves nothing with a task that goes on', async () => {
    const manager = await TaskManager.start({ cleanupTimeout: 0 })
    const handle = manager.spawn(() => forever())
    for (let n = 0; n < 3; n += 1) {
      await wait([handle], { timeout: 0 })
      await handle.wait({ timeout: 0 }).catch(() => {})
      await gather([handle], { timeout: 0 }).catch(() => {})
      expect(listenersOf(handle)).toBe(0)
    }
    await handle.cancel()
  })

  it('refuses to wait for its own task', async () => {
    const manager = await TaskManager.start()
    const self: TaskHandle<unknown> = manager.spawn(async () => {
      await null
      return await wait([self])
    })
    await expect(self).rejects.toBeInstanceOf(DeadlockError)
  })

  it('refuses what is no list of handles and wrong options', async () => {
    await expect(wait(5 as never)).rejects.toThrow(/handles must be an iterable/)
    await expect(wait([Promise.resolve()] as never)).rejects.toThrow(/handles\[0\] must be a task handle/)
    await expect(wait([], { returnWhen: 'some' as never })).rejects.toThrow(/returnWhen must be one of/)
    await expect(wait([], { timeout: Number.NaN })).rejects.toThrow(RangeError)
  })
})
