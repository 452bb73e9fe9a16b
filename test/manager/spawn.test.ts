import { sleep } from 'effection'
import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  ManagerClosedError,
  QueueFullError,
  type SpawnOptions,
  type TaskHandle,
  TaskManager,
  type Work,
} from '../../src/index.ts'
import { settle } from '../harness.ts'
import { delay, forever } from '../work.ts'
import { within } from './within.ts'

describe('spawn', () => {
  it('is synchronous and gives the handle', async () => {
    const manager = await TaskManager.start()
    expect(manager.spawn(() => 1).status).toBe('pending')
  })

  it('gives a handle that an async function would have unwrapped', async () => {
    const manager = await TaskManager.start()
    const handle = manager.spawn(() => delay(0, 5))
    expectTypeOf(handle).toEqualTypeOf<TaskHandle<number>>()
    expect(handle.status).toBe('pending')
    expect(await handle).toBe(5)
  })
})

describe('priority', () => {
  it('lets higher ones go first, and first come first served within', async () => {
    await within({ maxTasks: 1, autoStart: false }, async manager => {
      const order: string[] = []
      const priorities: [string, number | undefined][] = [
        ['a', undefined],
        ['b', 5],
        ['c', 0],
        ['d', -1],
        ['e', 5],
        ['f', Number.POSITIVE_INFINITY],
      ]
      for (const [name, priority] of priorities) {
        manager.spawn(() => void order.push(name), priority === undefined ? {} : { priority })
      }
      manager.resume()
      await manager.drain()
      expect(order.join('')).toBe('fbeacd')
    })
  })

  it('lets a later, higher one pass those that wait, not those that run', async () => {
    await within({ maxTasks: 1 }, async manager => {
      const order: string[] = []
      const work = (name: string) => async () => {
        await delay(10)
        order.push(name)
      }
      manager.spawn(work('running'))
      manager.spawn(work('waiting'))
      await settle()
      manager.spawn(work('urgent'), { priority: 1 })
      await manager.drain()
      expect(order).toEqual(['running', 'urgent', 'waiting'])
    })
  })
})

describe('maxPending', () => {
  it('counts free slots as room', async () => {
    const manager = await TaskManager.start({ maxTasks: 2, maxPending: 1 })
    for (let n = 0; n < 3; n += 1) manager.spawn(forever)
    expect(() => manager.spawn(forever)).toThrow(QueueFullError)
    await settle()
    expect(manager.stats()).toMatchObject({ running: 2, pending: 1 })
    expect(() => manager.spawn(forever)).toThrow(QueueFullError)
  })

  it('keeps nothing of what it refuses, and says what to do', async () => {
    const manager = await TaskManager.start({ maxTasks: 1, maxPending: 0, name: 'crawler' })
    let called = false
    manager.spawn(forever)
    const before = manager.stats()
    expect(() =>
      manager.spawn(() => {
        called = true
      }),
    ).toThrow(/crawler has 0 tasks pending, its maxPending/)
    await settle()
    expect(manager.stats()).toEqual({ ...before, pending: 0, running: 1 })
    expect(called).toBe(false)
  })

  it('counts no free slots while paused', async () => {
    const manager = await TaskManager.start({ maxTasks: 5, maxPending: 1, autoStart: false })
    manager.spawn(forever)
    expect(() => manager.spawn(forever)).toThrow(QueueFullError)
  })

  it('has room again when a task has started or was cancelled', async () => {
    await within({ maxTasks: 1, maxPending: 1 }, async manager => {
      manager.spawn(() => delay(10))
      const pending = manager.spawn(() => delay(10))
      expect(() => manager.spawn(() => 1)).toThrow(QueueFullError)
      pending.cancel()
      manager.spawn(() => delay(10))
      expect(() => manager.spawn(() => 1)).toThrow(QueueFullError)
      await delay(15)
      expect(await manager.spawn(() => 'room')).toBe('room')
    })
  })
})

describe('wrong work', () => {
  it.each<[string, unknown, RegExp]>([
    ['a promise', Promise.resolve(1), /a promise, which is already running: pass \(\) => promise/],
    ['a thenable', { then() {} }, /already running/],
    ['a generator object', (function* () {})(), /an operation: pass the function that makes it/],
    ['an effection operation', sleep(1), /an operation: pass the function/],
    ['an async function*', async function* () {}, /work must be no async function\*.*see stream\(\)/],
    ['nothing', undefined, /work must be a function, got undefined/],
    ['null', null, /got null/],
    ['a string', 'work', /got "work"/],
    ['an array', [], /got an array/],
    ['an object', {}, /got an object/],
  ])('is refused with a TypeError that says why: %s', async (_, work, message) => {
    const manager = await TaskManager.start()
    const before = manager.stats()
    const attempt = () => manager.spawn(work as () => void)
    expect(attempt).toThrow(TypeError)
    expect(attempt).toThrow(message)
    expect(manager.stats()).toEqual(before)
  })

  it('a handle is refused as the promise it is', async () => {
    const manager = await TaskManager.start()
    const handle = manager.spawn(() => 1)
    expect(() => manager.spawn(handle as unknown as () => void)).toThrow(/already running/)
  })
})

describe('wrong options', () => {
  it.each<[keyof SpawnOptions, unknown, ErrorConstructor, RegExp]>([
    ['name', 5, TypeError, /name must be a string, got 5/],
    ['type', null, TypeError, /type must be a string, got null/],
    ['priority', '1', TypeError, /priority must be a number, got "1"/],
    ['priority', Number.NaN, RangeError, /priority must be a number, got NaN/],
    ['timeout', '5s', TypeError, /timeout must be a number of milliseconds.*got "5s"/],
    ['timeout', -1, RangeError, /timeout must be a number of milliseconds.*got -1/],
    ['timeout', Number.NaN, RangeError, /timeout .*got NaN/],
    ['deadline', new Date(0), TypeError, /deadline must be a number of milliseconds.*got an instance of Date/],
    ['deadline', Number.NEGATIVE_INFINITY, RangeError, /deadline .*got -Infinity/],
    ['signal', new AbortController(), TypeError, /signal must be an AbortSignal, got an instance of AbortController/],
    ['retry', 'often', TypeError, /retry must be .*got "often"/],
    ['retry', -1, RangeError, /retry.* must be .*got -1/],
  ])('names %s, the rule and the value, and keeps nothing: %j', async (option, value, type, message) => {
    const manager = await TaskManager.start()
    let called = false
    const before = manager.stats()
    const attempt = () =>
      manager.spawn(
        () => {
          called = true
        },
        { [option]: value },
      )
    expect(attempt).toThrow(type)
    expect(attempt).toThrow(message)
    expect(manager.stats()).toEqual(before)
    await settle()
    expect(called).toBe(false)
    expect(manager.spawn(() => 1).id).toBe(1)
  })

  it.each([5, 'fast', null, [], () => {}])('refuses %j for options', async options => {
    const manager = await TaskManager.start()
    expect(() => manager.spawn(() => 1, options as unknown as SpawnOptions)).toThrow(/options must be an object/)
  })

  it('takes undefined for not given', async () => {
    const manager = await TaskManager.start()
    const options = { name: undefined, priority: undefined, timeout: undefined, signal: undefined }
    expect(await manager.spawn(() => 1, options as unknown as SpawnOptions)).toBe(1)
  })
})

describe('spawn after close', () => {
  it('throws synchronously and calls nothing', async () => {
    const manager = await TaskManager.start({ name: 'crawler' })
    const closing = manager.close()
    let called = false
    const attempt = () =>
      manager.spawn(() => {
        called = true
      })
    expect(attempt).toThrow(ManagerClosedError)
    expect(attempt).toThrow('crawler is closed')
    await closing
    expect(attempt).toThrow(ManagerClosedError)
    await settle()
    expect(called).toBe(false)
    expect(manager.stats()).toMatchObject({ pending: 0, done: 0, closed: true })
  })
})

describe('the types of spawn', () => {
  it('infer what the handle gives', async () => {
    const manager = await TaskManager.start()
    expectTypeOf(manager.spawn(() => 1)).toEqualTypeOf<TaskHandle<number>>()
    expectTypeOf(manager.spawn(() => 'text')).toEqualTypeOf<TaskHandle<string>>()
    expectTypeOf(manager.spawn(() => [1])).toEqualTypeOf<TaskHandle<number[]>>()
    expectTypeOf(manager.spawn(() => new Map<string, number>())).toEqualTypeOf<TaskHandle<Map<string, number>>>()
    expectTypeOf(manager.spawn(() => new Set<string>())).toEqualTypeOf<TaskHandle<Set<string>>>()
    expectTypeOf(manager.spawn(() => new Uint8Array(1))).toEqualTypeOf<TaskHandle<Uint8Array<ArrayBuffer>>>()
    expectTypeOf(manager.spawn(() => {})).toEqualTypeOf<TaskHandle<void>>()
    expectTypeOf(manager.spawn(async () => 1)).toEqualTypeOf<TaskHandle<number>>()
    expectTypeOf(manager.spawn(() => delay(0, 'x'))).toEqualTypeOf<TaskHandle<string>>()
    expectTypeOf(manager.spawn(() => sleep(0))).toEqualTypeOf<TaskHandle<void>>()
    expectTypeOf(
      manager.spawn(function* () {
        yield* sleep(0)
        return 1
      }),
    ).toEqualTypeOf<TaskHandle<number>>()
    expectTypeOf(manager.spawn(() => manager.spawn(() => 1))).toEqualTypeOf<TaskHandle<number>>()
    expectTypeOf(manager.spawn(({ signal }) => signal.aborted)).toEqualTypeOf<TaskHandle<boolean>>()
    expectTypeOf(manager.spawn((): string | undefined => undefined)).toEqualTypeOf<TaskHandle<string | undefined>>()
  })

  it('let await, result and yield* give T', async () => {
    const manager = await TaskManager.start()
    const handle = manager.spawn(async () => 1)
    expectTypeOf(await handle).toEqualTypeOf<number>()
    expectTypeOf(handle.result).returns.toEqualTypeOf<number>()
    expectTypeOf(handle.wait).returns.toEqualTypeOf<Promise<number>>()
    expectTypeOf(handle.exception).returns.toEqualTypeOf<unknown>()
    manager.spawn(function* () {
      const value = yield* handle
      expectTypeOf(value).toEqualTypeOf<number>()
    })
  })

  it('take a Work<T>, within generic code by the type argument', async () => {
    const manager = await TaskManager.start()
    const twice = <T>(work: Work<T>): TaskHandle<T> => manager.spawn<T>(work)
    expectTypeOf(twice(() => 1)).toEqualTypeOf<TaskHandle<number>>()
    expectTypeOf(manager.spawn<number>(async () => 1)).toEqualTypeOf<TaskHandle<number>>()
  })

  it('refuse wrong options and wrong work', () => {
    const never = (manager: TaskManager) => {
      // @ts-expect-error a text is no time
      manager.spawn(() => 1, { timeout: '5s' })
      // @ts-expect-error there is no such option
      manager.spawn(() => 1, { prio: 1 })
      // @ts-expect-error a controller is no signal
      manager.spawn(() => 1, { signal: new AbortController() })
      // @ts-expect-error a promise is no work
      manager.spawn(Promise.resolve(1))
      // @ts-expect-error work gets a context, nothing else
      manager.spawn((url: string) => url)
      // @ts-expect-error handles are read-only
      manager.spawn(() => 1).id = 2
      // @ts-expect-error records are read-only
      manager.spawn(() => 1).record().status = 'done'
      // @ts-expect-error counts are read-only
      manager.stats().pending = 1
      // @ts-expect-error there is no such event
      manager.on('finished', () => {})
      // @ts-expect-error pending is one of two words
      manager.close({ pending: 'kill' })
      // @ts-expect-error it is started, not made
      new TaskManager()
    }
    expect(never).toBeTypeOf('function')
  })
})
