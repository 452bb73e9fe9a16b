import { describe, expect, expectTypeOf, it } from 'vitest'
import { asCompleted, DeadlockError, type TaskHandle, TaskManager } from '../../src/index.ts'
import { autojump } from '../harness.ts'
import { delay, forever } from '../work.ts'
import { listenersOf } from './listeners.ts'

const delayed = (manager: TaskManager, ms: number, fails = false) =>
  manager.spawn(async () => {
    await new Promise(resolve => setTimeout(resolve, ms))
    if (fails) throw new Error(`failed after ${ms}`)
    return ms
  })

describe('asCompleted', () => {
  it('yields results as they come', async () => {
    await autojump(async () => {
      const manager = await TaskManager.start()
      const seen: number[] = []
      for await (const ms of asCompleted([30, 10, 20].map(ms => delayed(manager, ms)))) seen.push(ms)
      expect(seen).toEqual([10, 20, 30])
    })
  })

  it('throws a failure in its turn', async () => {
    await autojump(async () => {
      const manager = await TaskManager.start()
      const seen: number[] = []
      const loop = async () => {
        for await (const ms of asCompleted([delayed(manager, 30), delayed(manager, 20, true), delayed(manager, 10)]))
          seen.push(ms)
      }
      await expect(loop()).rejects.toThrow('failed after 20')
      expect(seen).toEqual([10])
    })
  })

  it('yields errors in the places of results on request', async () => {
    await autojump(async () => {
      const manager = await TaskManager.start()
      const handles = [delayed(manager, 30), delayed(manager, 20, true)]
      const seen: (number | Error)[] = []
      for await (const each of asCompleted(handles, { returnExceptions: true })) seen.push(each)
      expect(seen).toEqual([new Error('failed after 20'), 30])
    })
  })

  it('yields what had ended before, and ends at once for nothing', async () => {
    const manager = await TaskManager.start()
    const handle = manager.spawn(() => 'early')
    await handle
    const seen: string[] = []
    for await (const each of asCompleted([handle])) seen.push(each)
    for await (const each of asCompleted<string>([])) seen.push(each)
    expect(seen).toEqual(['early'])
  })

  it('touches no task when the loop is left', async () => {
    const manager = await TaskManager.start(1)
    const handles = [manager.spawn(() => 1), manager.spawn(() => 2)]
    for await (const _ of asCompleted(handles)) break
    expect(await handles[1]).toBe(2)
  })

  it('yields with the index or the name on request', async () => {
    await autojump(async () => {
      const manager = await TaskManager.start()
      const list: [number, number][] = []
      for await (const entry of asCompleted(
        [30, 10, 20].map(ms => delayed(manager, ms)),
        { entries: true },
      ))
        list.push(entry)
      expect(list).toEqual([
        [1, 10],
        [2, 20],
        [0, 30],
      ])
      const record = {
        slow: delayed(manager, 20),
        broken: delayed(manager, 10, true),
        text: manager.spawn(() => 'now'),
      }
      const named: unknown[] = []
      for await (const entry of asCompleted(record, { entries: true, returnExceptions: true })) {
        expectTypeOf(entry).toEqualTypeOf<
          ['slow', number | Error] | ['broken', number | Error] | ['text', string | Error]
        >()
        named.push(entry)
      }
      expect(named).toEqual([
        ['text', 'now'],
        ['broken', new Error('failed after 10')],
        ['slow', 20],
      ])
      for await (const value of asCompleted({ a: delayed(manager, 1) })) expectTypeOf(value).toEqualTypeOf<number>()
    })
  })

  it('gives what came before the timeout, then throws, and the tasks go on', async () => {
    await autojump(async () => {
      const manager = await TaskManager.start()
      const handles = [10, 20, 100].map(ms => delayed(manager, ms))
      const seen: number[] = []
      const loop = async () => {
        for await (const ms of asCompleted(handles, { timeout: 50 })) {
          seen.push(ms)
          if (ms === 10) await delay(60)
        }
      }
      await expect(loop()).rejects.toMatchObject({ code: 'ERR_TASK_TIMEOUT', limit: 50 })
      expect(seen).toEqual([10, 20])
      expect(await handles[2]).toBe(100)
    })
  })

  it('ends with the reason of the signal', async () => {
    await autojump(async () => {
      const manager = await TaskManager.start()
      const controller = new AbortController()
      const loop = async () => {
        for await (const _ of asCompleted(
          [10, 20].map(ms => delayed(manager, ms)),
          { signal: controller.signal },
        )) {
          await delay(30)
          controller.abort('enough')
        }
      }
      await expect(loop()).rejects.toBe('enough')
    })
  })

  it('leaves nothing with tasks that go on', async () => {
    const manager = await TaskManager.start({ cleanupTimeout: 0 })
    const handle = manager.spawn(() => forever())
    for (let n = 0; n < 3; n += 1) {
      await expect(asCompleted([handle], { timeout: 0 }).next()).rejects.toThrow(/took longer than 0 ms/)
      expect(listenersOf(handle)).toBe(0)
    }
    await handle.cancel()
  })

  it('refuses to wait for its own task', async () => {
    const manager = await TaskManager.start()
    const self: TaskHandle<unknown> = manager.spawn(async () => {
      await null
      for await (const _ of asCompleted([self]));
    })
    await expect(self).rejects.toBeInstanceOf(DeadlockError)
  })

  it('refuses what is no list of handles at the call', () => {
    expect(() => asCompleted([1] as never)).toThrow(/handles\[0\] must be a task handle, got 1/)
    expect(() => asCompleted([], { returnExceptions: 1 as never })).toThrow(/returnExceptions must be true or false/)
  })
})
