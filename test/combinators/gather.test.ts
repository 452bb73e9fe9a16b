import { describe, expect, expectTypeOf, it } from 'vitest'
import { DeadlockError, gather, type TaskHandle, TaskManager } from '../../src/index.ts'
import { autojump } from '../harness.ts'
import { delay } from '../work.ts'

describe('gather', () => {
  it('gives an array for an array', async () => {
    const manager = await TaskManager.start()
    const results = await gather([manager.spawn(() => 1), manager.spawn(async () => 'two')])
    expect(results).toEqual([1, 'two'])
    expectTypeOf(results).toEqualTypeOf<[number, string]>()
  })

  it('gives a record for a record', async () => {
    const manager = await TaskManager.start()
    const results = await gather({ one: manager.spawn(() => 1), two: manager.spawn(async () => 'two') })
    expect(results).toEqual({ one: 1, two: 'two' })
    expectTypeOf(results).toEqualTypeOf<{ one: number; two: string }>()
  })

  it('gives nothing for nothing', async () => {
    expect(await gather([])).toEqual([])
    expect(await gather({})).toEqual({})
  })

  it('rejects with the first failure and lets the others go on', async () => {
    const manager = await TaskManager.start()
    const error = new Error('first')
    let open = () => {}
    const gate = new Promise<void>(resolve => {
      open = resolve
    })
    const slow = manager.spawn(() => gate.then(() => 'slow'))
    const failing = manager.spawn(() => {
      throw error
    })
    await expect(gather([slow, failing])).rejects.toBe(error)
    open()
    expect(await slow).toBe('slow')
  })

  it('puts errors in the places of results on request', async () => {
    const manager = await TaskManager.start()
    const error = new Error('second')
    const fail = (): number => {
      throw error
    }
    const inArray = await gather([manager.spawn(() => 1), manager.spawn(fail)], { returnExceptions: true })
    expect(inArray).toEqual([1, error])
    const inRecord = await gather({ a: manager.spawn(() => 1), b: manager.spawn(fail) }, { returnExceptions: true })
    expect(inRecord).toEqual({ a: 1, b: error })
    expectTypeOf(inRecord).toEqualTypeOf<{ a: number | Error; b: number | Error }>()
  })

  it('refuses a deadlock: every slot is held by a task that gathers', async () => {
    const manager = await TaskManager.start(2)
    const parent = () => manager.spawn(async () => await gather([manager.spawn(() => 1), manager.spawn(() => 2)]))
    const outcomes = await Promise.allSettled([parent(), parent()])
    expect(outcomes.map(outcome => outcome.status)).toContain('rejected')
    const rejected = outcomes.find(outcome => outcome.status === 'rejected')
    expect(rejected?.reason).toBeInstanceOf(DeadlockError)
  })

  it('no longer counts as waiting once it has rejected', async () => {
    const manager = await TaskManager.start(2)
    let open = () => {}
    const gate = new Promise<void>(resolve => {
      open = resolve
    })
    const child = manager.spawn(() => gate)
    const other = await TaskManager.start()
    const failing = other.spawn(() => {
      throw new Error('at once')
    })
    const parent: TaskHandle<string> = manager.spawn(async () => {
      await gather([child, failing]).catch(() => {})
      await gate
      return 'went on'
    })
    const third = other.spawn(async () => await manager.spawn(() => 'third'))
    await failing.catch(() => {})
    open()
    expect(await gather([parent, third])).toEqual(['went on', 'third'])
  })

  it('takes handles and other promises written out, and options after them', async () => {
    const manager = await TaskManager.start()
    const results = await gather(
      manager.spawn(() => 1),
      manager.spawn(async () => 'two'),
      Promise.resolve(true),
    )
    expect(results).toEqual([1, 'two', true])
    expectTypeOf(results).toEqualTypeOf<[number, string, boolean]>()
    const fail = (): number => {
      throw 'no'
    }
    const settled = await gather(
      manager.spawn(fail),
      manager.spawn(() => 2),
      { returnExceptions: true },
    )
    expect(settled).toEqual(['no', 2])
    expectTypeOf(settled).toEqualTypeOf<[number | Error, number | Error]>()
    await expect(
      gather(
        manager.spawn(fail),
        manager.spawn(() => 2),
      ),
    ).rejects.toBe('no')
    // @ts-expect-error one is no list
    await expect(gather(Promise.resolve(1))).rejects.toThrow(/write gather\(\[handle\]\)/)
  })

  it('gives up at the timeout or the signal, and the tasks go on', async () => {
    await autojump(async () => {
      const manager = await TaskManager.start()
      const slow = manager.spawn(() => delay(100, 'slow'))
      const shape = { slow, quick: manager.spawn(() => 1) }
      await expect(gather(shape, { timeout: 20 })).rejects.toMatchObject({ code: 'ERR_TASK_TIMEOUT', limit: 20 })
      const controller = new AbortController()
      const aborted = gather([slow], { signal: controller.signal })
      controller.abort('enough')
      await expect(aborted).rejects.toBe('enough')
      await expect(gather(slow, slow, { signal: controller.signal })).rejects.toBe('enough')
      expect(await gather(shape, { timeout: 100 })).toEqual({ slow: 'slow', quick: 1 })
      expect(await gather([], { timeout: 0 })).toEqual([])
    })
  })

  it('with a timeout rejects with the first failure, or puts it in its place', async () => {
    await autojump(async () => {
      const manager = await TaskManager.start()
      const handles = [manager.spawn(() => delay(10, 1)), manager.spawn(() => Promise.reject('no'))]
      await expect(gather(handles, { timeout: 50 })).rejects.toBe('no')
      expect(await gather([...handles, 3], { timeout: 50, returnExceptions: true })).toEqual([1, 'no', 3])
    })
  })

  it('refuses what is neither an array nor a record', async () => {
    await expect(gather(5 as never)).rejects.toThrow(/handles must be an array or a record/)
    await expect(gather([], { returnExceptions: 'yes' as never })).rejects.toThrow(/returnExceptions must be/)
  })
})
