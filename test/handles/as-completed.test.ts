import { describe, expect, it } from 'vitest'
import { asCompleted, TaskManager } from '../../src/index.ts'
import { autojump } from '../harness.ts'

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

  it('refuses what is no list of handles at the call', () => {
    expect(() => asCompleted([1] as never)).toThrow(/handles\[0\] must be a task handle, got 1/)
    expect(() => asCompleted([], { returnExceptions: 1 as never })).toThrow(/returnExceptions must be true or false/)
  })
})
