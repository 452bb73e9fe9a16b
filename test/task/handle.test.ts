import { run, sleep } from 'effection'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  DeadlockError,
  TaskCancelledError,
  type TaskHandle,
  TaskManager,
  TaskNotFinishedError,
  TaskTimeoutError,
} from '../../src/index.ts'
import { autojump, settle } from '../harness.ts'
import { delay, failureOf, forever, listening, untilAborted } from '../work.ts'

let manager: TaskManager

beforeEach(async () => {
  manager = await TaskManager.start({ logger: false, cleanupTimeout: 0 })
})

afterEach(async () => {
  await manager.close({ timeout: 0 })
})

/** What nobody handled while `body` ran, which the sentinel of all tests does not get to see. */
async function withoutSentinel(body: () => Promise<void>): Promise<unknown[]> {
  const sentinels = process.listeners('unhandledRejection')
  const unhandled: unknown[] = []
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', reason => unhandled.push(reason))
  try {
    await body()
  } finally {
    process.removeAllListeners('unhandledRejection')
    for (const sentinel of sentinels) process.on('unhandledRejection', sentinel)
  }
  return unhandled
}

const THROWN: [string, unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['zero', 0],
  ['a string', 'broken'],
  ['a symbol', Symbol('broken')],
  ['a frozen object', Object.freeze({ code: 7 })],
  ['a frozen error', Object.freeze(new Error('broken'))],
]

describe('a handle as a promise', () => {
  it('passes for one', async () => {
    const handle = manager.spawn(() => 1)
    expect(handle).toBeInstanceOf(Promise)
    expect(Object.prototype.toString.call(handle)).toBe('[object Promise]')
    expect(await Promise.resolve(handle)).toBe(1)
    expect(await (async () => handle)()).toBe(1)
  })

  it('works in assertions', async () => {
    await expect(manager.spawn(() => 1)).resolves.toBe(1)
    await expect(manager.spawn(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  })

  it('makes no promise before it is looked at, and one then', () => {
    const made = vi.spyOn(Promise, 'withResolvers')
    onTestFinished(() => made.mockRestore())
    const handle = manager.spawn(() => 1)
    expect([handle.status, handle.done(), handle.name]).toEqual(['pending', false, 'task 1'])
    expect(made).not.toHaveBeenCalled()
    handle.then()
    handle.catch(() => {})
    expect(made).toHaveBeenCalledOnce()
  })

  it.each<[string, (handle: TaskHandle<unknown>) => Promise<unknown>]>([
    ['then', handle => handle.then(() => {})],
    ['finally', handle => handle.finally(() => {})],
    ['Promise.resolve', handle => Promise.resolve(handle)],
    ['an async function', async handle => await handle],
  ])('that failed makes an unhandled rejection of what %s made of it, as any other', async (_, look) => {
    const error = new Error('nobody catches me')
    const handle = manager.spawn(() => Promise.reject(error))
    const unhandled = await withoutSentinel(async () => {
      look(handle)
      await settle()
      await settle()
    })
    expect(unhandled).toEqual([error])
  })

  it('that failed is no unhandled rejection however it was looked at otherwise', async () => {
    const handle = manager.spawn(() => Promise.reject('no'))
    const unhandled = await withoutSentinel(async () => {
      handle.catch(() => {})
      await settle()
      handle.catch(() => {})
      handle.exception()
      await settle()
    })
    expect(unhandled).toEqual([])
  })

  it('chains in operations and promises alike', async () => {
    const handle = manager.spawn(() => 1)
    const chained = manager.spawn(() => handle.then(value => manager.spawn(() => value + 1)).then(value => value + 1))
    expect(await chained.then(value => value + 1)).toBe(4)
    expect(await run(() => chained)).toBe(3)
  })

  it('gives the same value as often as it is awaited, early and late', async () => {
    const value = { answer: 42 }
    const handle = manager.spawn(() => value)
    const early = [handle.then(), handle]
    expect(await Promise.all(early)).toEqual([value, value])
    await settle()
    expect(await handle).toBe(value)
    expect(await handle.then()).toBe(value)
    expect(await handle.wait()).toBe(value)
  })

  it('gives the same error as often as it is awaited, early and late', async () => {
    const error = new Error('broken')
    const handle = manager.spawn(() => {
      throw error
    })
    expect(await failureOf(handle)).toBe(error)
    await settle()
    expect(await failureOf(handle)).toBe(error)
    expect(await failureOf(handle.wait())).toBe(error)
    expect(await handle.catch(caught => caught)).toBe(error)
  })

  it('can be looked at for the first time long after the end', async () => {
    const [value, failed] = [manager.spawn(() => 7), manager.spawn(() => Promise.reject('no'))]
    await manager.drain()
    await settle()
    expect(await value).toBe(7)
    expect(await failureOf(failed)).toBe('no')
  })

  it('gives the same cancel error every time', async () => {
    const handle = manager.spawn(forever)
    await handle.cancel()
    const error = await failureOf(handle)
    expect(error).toBeInstanceOf(TaskCancelledError)
    expect(await failureOf(handle)).toBe(error)
    expect(handle.exception()).toBe(error)
  })

  it('works in Promise.all', async () => {
    const handles = [manager.spawn(() => 1), manager.spawn(async () => 2)]
    expect(await Promise.all(handles)).toEqual([1, 2])
    const error = new Error('broken')
    const failing = manager.spawn(() => Promise.reject(error))
    expect(await failureOf(Promise.all([manager.spawn(() => 1), failing]))).toBe(error)
  })

  it('works in Promise.allSettled', async () => {
    const handles = [manager.spawn(() => 1), manager.spawn(() => Promise.reject('no'))]
    expect(await Promise.allSettled(handles)).toEqual([
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: 'no' },
    ])
  })

  it('works in Promise.race', async () => {
    expect(await Promise.race([manager.spawn(forever), manager.spawn(() => 2)])).toBe(2)
  })

  it('works in Promise.any', async () => {
    expect(await Promise.any([manager.spawn(() => Promise.reject('no')), manager.spawn(() => 2)])).toBe(2)
  })

  it('runs finally after success and after failure, and passes the outcome on', async () => {
    const ran: string[] = []
    const good = manager.spawn(() => 5).finally(() => void ran.push('good'))
    const bad = manager.spawn(() => Promise.reject('no')).finally(() => void ran.push('bad'))
    expect(await good).toBe(5)
    expect(await failureOf(bad)).toBe('no')
    expect(ran.sort()).toEqual(['bad', 'good'])
  })

  it('makes plain promises of itself', () => {
    const handle = manager.spawn(() => 5)
    for (const derived of [handle.then(), handle.catch(() => {}), handle.finally()]) {
      expect(Object.getPrototypeOf(derived)).toBe(Promise.prototype)
    }
  })

  it.each(THROWN)('rejects with %s as it was thrown', async (_, thrown) => {
    const work = [
      () => {
        throw thrown
      },
      async () => {
        throw thrown
      },
      function* () {
        yield* sleep(0)
        throw thrown
      },
    ]
    for (const each of work) {
      const handle = manager.spawn(each)
      expect(await failureOf(handle)).toBe(thrown)
      expect(handle.status).toBe('failed')
      expect(handle.exception()).toBe(thrown)
      expect(handle.record()).toHaveProperty('error', thrown)
      let caught: unknown = 'nothing was thrown'
      try {
        handle.result()
      } catch (error) {
        caught = error
      }
      expect(caught).toBe(thrown)
    }
  })
})

describe('a handle as an operation', () => {
  it('gives the result', async () => {
    const handle = manager.spawn(() => 42)
    expect(await run(() => handle)).toBe(42)
    expect(
      await run(function* () {
        return (yield* handle) + 1
      }),
    ).toBe(43)
  })

  it('throws the failure, which the operation may catch', async () => {
    const error = new Error('broken')
    const handle = manager.spawn(() => Promise.reject(error))
    const caught = await run(function* () {
      try {
        return yield* handle
      } catch (failure) {
        return failure
      }
    })
    expect(caught).toBe(error)
  })

  it('leaves the task alone when the operation that waits is halted', async () => {
    const { promise, resolve } = Promise.withResolvers<number>()
    const handle = manager.spawn(() => promise)
    const waiting = run(() => handle)
    await settle()
    await waiting.halt()
    resolve(3)
    expect(await handle).toBe(3)
  })
})

describe('id and name', () => {
  it('counts from 1 within its manager', async () => {
    expect([manager.spawn(forever).id, manager.spawn(forever).id]).toEqual([1, 2])
    const other = await TaskManager.start()
    expect(other.spawn(() => 0).id).toBe(1)
  })

  it('takes the name given, or makes one from the id', () => {
    expect(manager.spawn(forever, { name: 'fetch' }).name).toBe('fetch')
    expect(manager.spawn(forever).name).toBe('task 2')
  })
})

describe('status and done', () => {
  it('walks from pending over running to done', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const handle = manager.spawn(() => promise)
    expect([handle.status, handle.done()]).toEqual(['pending', false])
    await settle()
    expect([handle.status, handle.done()]).toEqual(['running', false])
    resolve()
    await handle
    expect([handle.status, handle.done()]).toEqual(['done', true])
  })

  it('walks over stopping to cancelled', async () => {
    const { promise, reject } = Promise.withResolvers<never>()
    const slow = await TaskManager.start()
    const handle = slow.spawn(task => listening(task, () => promise))
    await settle()
    const cancelled = handle.cancel('enough')
    expect([handle.status, handle.done()]).toEqual(['stopping', false])
    reject('enough')
    await cancelled
    expect([handle.status, handle.done()]).toEqual(['cancelled', true])
  })
})

describe('accepted', () => {
  it('resolves although the task has not started', async () => {
    manager.maxTasks = 1
    manager.spawn(forever)
    const handle = manager.spawn(forever)
    expect(await handle.accepted).toBeUndefined()
    expect(handle.status).toBe('pending')
  })

  it('resolves although the task fails', async () => {
    const handle = manager.spawn(() => Promise.reject('no'))
    expect(await handle.accepted).toBeUndefined()
    expect(await failureOf(handle)).toBe('no')
  })
})

describe('result and exception', () => {
  it('throw TaskNotFinishedError before the end, in every state', async () => {
    const patient = await TaskManager.start({ cleanupTimeout: 60_000 })
    const { promise, reject } = Promise.withResolvers<never>()
    const handle = patient.spawn(task => listening(task, () => promise), { name: 'slow' })
    const refused = () => {
      for (const ask of [() => handle.result(), () => handle.exception()]) {
        expect(ask).toThrow(TaskNotFinishedError)
        expect(ask).toThrow(handle.status)
        expect(ask).toThrow('slow')
      }
    }
    refused()
    await settle()
    expect(handle.status).toBe('running')
    refused()
    const cancelled = handle.cancel('enough')
    expect(handle.status).toBe('stopping')
    refused()
    reject('enough')
    await cancelled
    expect(() => handle.result()).toThrow(TaskCancelledError)
  })

  it('are the value and undefined when done', async () => {
    const handle = manager.spawn(() => 'ready')
    await manager.drain()
    expect(handle.result()).toBe('ready')
    expect(handle.exception()).toBeUndefined()
  })

  it('are the very error when failed', async () => {
    const error = new Error('broken')
    const handle = manager.spawn(() => Promise.reject(error))
    await failureOf(handle)
    expect(handle.exception()).toBe(error)
    expect(() => handle.result()).toThrow(error)
  })

  it('are the cancel error, with the reason as its cause, when cancelled', async () => {
    const reason = new Error('the user went away')
    const handle = manager.spawn(forever)
    await handle.cancel(reason)
    expect(handle.exception()).toBeInstanceOf(TaskCancelledError)
    expect(handle.exception()).toMatchObject({ cause: reason, code: 'ERR_TASK_CANCELLED' })
    expect(() => handle.result()).toThrow('the user went away')
  })
})

describe('wait', () => {
  it('gives the result', async () => {
    const { value } = await autojump(async () => {
      const handle = manager.spawn(() => delay(10, 'x'))
      return [await handle.wait({ timeout: 50 }), await handle.wait({ signal: new AbortController().signal })]
    })
    expect(value).toEqual(['x', 'x'])
  })

  it('gives the failure', async () => {
    const handle = manager.spawn(() => Promise.reject('no'))
    expect(await failureOf(handle.wait({ timeout: 50 }))).toBe('no')
  })

  it('gives up after the timeout, and the task goes on', async () => {
    await autojump(async () => {
      const handle = manager.spawn(() => delay(100, 'late'))
      const error = await failureOf(handle.wait({ timeout: 30 }))
      expect(error).toBeInstanceOf(TaskTimeoutError)
      expect(error).toHaveProperty('limit', 30)
      expect(handle.status).toBe('running')
      expect(await handle).toBe('late')
    })
  })

  it('gives up when the signal aborts, with its reason, and the task goes on', async () => {
    const leave = new AbortController()
    const { promise, resolve } = Promise.withResolvers<number>()
    const handle = manager.spawn(() => promise)
    const waiting = failureOf(handle.wait({ signal: leave.signal }))
    leave.abort('bored')
    expect(await waiting).toBe('bored')
    resolve(1)
    expect(await handle).toBe(1)
  })

  it('gives up at once when the signal is aborted already', async () => {
    const handle = manager.spawn(forever)
    expect(await failureOf(handle.wait({ signal: AbortSignal.abort('bored') }))).toBe('bored')
    expect(handle.done()).toBe(false)
  })

  it('leaves no timer and no listener behind', async () => {
    const { signal } = new AbortController()
    const add = vi.spyOn(signal, 'addEventListener')
    const remove = vi.spyOn(signal, 'removeEventListener')
    await autojump(async () => {
      await manager.spawn(() => 1).wait({ timeout: 60_000, signal })
      expect(vi.getTimerCount()).toBe(0)
    })
    expect(add).toHaveBeenCalledOnce()
    expect(remove).toHaveBeenCalledWith('abort', add.mock.calls[0]?.[1])
  })

  it('never limits with Infinity', async () => {
    await autojump(async () => {
      const waiting = manager.spawn(() => delay(10, 1)).wait({ timeout: Number.POSITIVE_INFINITY })
      await delay(5)
      expect(vi.getTimerCount()).toBe(1)
      expect(await waiting).toBe(1)
    })
  })

  it.each([
    ['a text', { timeout: '1' as unknown as number }, TypeError, /timeout must be .*, got "1"/],
    ['a negative time', { timeout: -1 }, RangeError, /timeout must be .*, got -1/],
    ['NaN', { timeout: Number.NaN }, RangeError, /timeout must be .*, got NaN/],
    ['no signal', { signal: {} as AbortSignal }, TypeError, /signal must be an AbortSignal, got an object/],
    ['a number', 5 as unknown as object, TypeError, /options must be an object, got 5/],
  ])('refuses %s', async (_, options, type, message) => {
    const error = await failureOf(manager.spawn(() => 1).wait(options))
    expect(error).toBeInstanceOf(type)
    expect(String(error)).toMatch(message)
  })

  it('refuses to wait for itself', async () => {
    const handle: TaskHandle<unknown> = manager.spawn(() => failureOf(handle.wait({ timeout: 50 })))
    expect(await handle).toBeInstanceOf(DeadlockError)
  })
})

describe('disposing', () => {
  it('cancels the task and waits until it has stopped', async () => {
    const { elapsed } = await autojump(async () => {
      const patient = await TaskManager.start()
      let handle = patient.spawn(({ signal }) => untilAborted(signal, 300))
      {
        await using owned = handle
        handle = owned
        await delay(10)
      }
      expect(handle.status).toBe('cancelled')
    })
    expect(elapsed).toBe(310)
  })

  it('leaves a result that is there already', async () => {
    const handle = manager.spawn(() => 1)
    await handle
    await handle[Symbol.asyncDispose]()
    expect(handle.result()).toBe(1)
  })
})
