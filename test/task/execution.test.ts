import { AsyncLocalStorage } from 'node:async_hooks'
import { call, createContext, ensure, type Operation, resource, run, sleep, spawn, suspend, until } from 'effection'
import { beforeEach, describe, expect, it } from 'vitest'
import { type TaskHandle, TaskManager } from '../../src/index.ts'
import { autojump, settle } from '../harness.ts'
import { delay, failureOf } from '../work.ts'

let manager: TaskManager

beforeEach(async () => {
  manager = await TaskManager.start({ logger: false })
})

/** What a task gives whose function returns `value`. */
function resultOf(value: unknown): Promise<unknown> {
  return manager.spawn((): unknown => value)
}

class Deck {
  readonly cards = [1, 2];
  *[Symbol.iterator]() {
    yield* this.cards
  }
}

const VALUES: [string, unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['a number', 42],
  ['a string', 'text'],
  ['an empty string', ''],
  ['an object', { a: 1 }],
  ['a function', () => 'not called'],
  ['an array', [1, 2]],
  ['an empty array', []],
  ['a Map', new Map([[1, 2]])],
  ['a Set', new Set([1])],
  ['a typed array', new Uint8Array(3)],
  ['a Buffer', Buffer.from('abc')],
  ['URLSearchParams', new URLSearchParams('a=1')],
  ['a class with a generator for its iterator', new Deck()],
  ['an array iterator', [1, 2].values()],
  ['an iterator helper', [1, 2].values().map(n => n + 1)],
  ['an error that is returned', new Error('only a value')],
]

describe('a value', () => {
  it.each(VALUES)('is the result as it is: %s', async (_, value) => {
    expect(await resultOf(value)).toBe(value)
  })

  it.each(VALUES)('is the result as it is, through a promise: %s', async (_, value) => {
    expect(await resultOf(Promise.resolve(value))).toBe(value)
  })

  it.each(VALUES)('is the result as it is, returned by an operation: %s', async (_, value) => {
    const handle = manager.spawn(function* () {
      yield* sleep(0)
      return value
    })
    expect(await handle).toBe(value)
  })

  it('is not consumed when it can be iterated', async () => {
    const [numbers, entries] = [[1, 2].values(), new Map([[1, 2]]).entries()]
    await Promise.all([resultOf(numbers), resultOf(entries)])
    expect([...numbers]).toEqual([1, 2])
    expect([...entries]).toEqual([[1, 2]])
  })

  it('may be the generator of an async function*, which is left to the caller', async () => {
    async function* one() {
      yield 1
    }
    const values = await manager.spawn(() => one())
    expect((await values.next()).value).toBe(1)
  })
})

describe('a thenable', () => {
  it('is awaited', async () => {
    expect(await resultOf({ then: (resolve: (value: number) => void) => setTimeout(resolve, 1, 5) })).toBe(5)
  })

  it('counts once although it calls back twice', async () => {
    const ended: string[] = []
    manager.on('done', () => ended.push('done'))
    manager.on('failed', () => ended.push('failed'))
    const handle = manager.spawn(() => ({
      then(resolve: (value: number) => void, reject: (error: unknown) => void) {
        resolve(1)
        resolve(2)
        reject('three')
      },
    })) as TaskHandle<unknown>
    expect(await handle).toBe(1)
    await settle()
    expect(ended).toEqual(['done'])
    expect(manager.stats()).toMatchObject({ running: 0, done: 1, failed: 0 })
  })

  it('counts once although it is a promise of a class that calls back twice', async () => {
    class Twice extends Promise<number> {
      override then<A = number, B = never>(
        onFulfilled?: ((value: number) => A | PromiseLike<A>) | null,
        onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
      ): Promise<A | B> {
        onFulfilled?.(1)
        onRejected?.('two')
        return super.then(onFulfilled, onRejected)
      }
    }
    const handle = manager.spawn((): unknown => new Twice(resolve => resolve(3)))
    expect(await handle).toBe(1)
    await manager.drain()
    await settle()
    expect(manager.stats()).toMatchObject({ running: 0, done: 1, failed: 0, abandoned: 0 })
  })

  it('that throws in then fails the task', async () => {
    const error = new Error('then is broken')
    const broken = {
      then() {
        throw error
      },
    }
    expect(await failureOf(resultOf(broken))).toBe(error)
  })

  it('whose then cannot be read fails the task', async () => {
    const error = new Error('no then for you')
    const broken = {
      get then() {
        throw error
      },
    }
    expect(await failureOf(resultOf(broken))).toBe(error)
  })
})

describe('an operation', () => {
  it('may be a generator object', async () => {
    const handle = manager.spawn(function* () {
      yield* sleep(0)
      return 5
    })
    expect(await handle).toBe(5)
  })

  it('may be an arrow that returns one', async () => {
    expect(await manager.spawn(() => call(() => Promise.resolve(5)))).toBe(5)
    expect(await manager.spawn(() => sleep(0))).toBeUndefined()
    expect(await manager.spawn(() => until(Promise.resolve('x')))).toBe('x')
  })

  it('may be a resource, which is torn down before the task ends', async () => {
    const log: string[] = []
    const connection = () =>
      resource<string>(function* (provide) {
        try {
          yield* provide('connected')
        } finally {
          log.push('closed')
        }
      })
    expect(await manager.spawn(connection)).toBe('connected')
    expect(log).toEqual(['closed'])
  })

  it('may be an effection Task', async () => {
    expect(
      await manager.spawn(() =>
        run(function* () {
          yield* sleep(0)
          return 6
        }),
      ),
    ).toBe(6)
  })

  it('may be the handle of another task', async () => {
    const other = manager.spawn(() => delay(1, 'other'))
    expect(await manager.spawn(() => other)).toBe('other')
    const failing = manager.spawn(() => Promise.reject('broken'))
    expect(await failureOf(manager.spawn(() => failing))).toBe('broken')
  })

  it('may be async: a promise of an operation is a value', async () => {
    const generator = (function* () {})()
    expect(await resultOf(Promise.resolve(generator))).toBe(generator)
  })

  it('may return a promise, which is awaited', async () => {
    const handle = manager.spawn(function* () {
      yield* sleep(0)
      return Promise.resolve(5)
    })
    expect(await handle).toBe(5)
  })

  it('starts its iterator once', async () => {
    let started = 0
    const operation: Operation<number> = {
      *[Symbol.iterator]() {
        started += 1
        yield* sleep(0)
        return 1
      },
    }
    expect(await manager.spawn(() => operation)).toBe(1)
    expect(started).toBe(1)
  })

  it('takes down everything it spawned before it ends', async () => {
    const log: string[] = []
    const { elapsed } = await autojump(async () => {
      const handle = manager.spawn(function* () {
        yield* spawn(function* () {
          yield* ensure(function* () {
            yield* sleep(30)
            log.push('child stopped')
          })
          yield* suspend()
        })
        yield* sleep(10)
        return 'value'
      })
      expect(await handle).toBe('value')
      log.push('settled')
    })
    expect(log).toEqual(['child stopped', 'settled'])
    expect(elapsed).toBe(40)
  })

  it('fails with the error of a child it spawned', async () => {
    const error = new Error('the child broke')
    const handle = manager.spawn(function* () {
      yield* spawn(function* () {
        yield* sleep(0)
        throw error
      })
      yield* suspend()
    })
    expect(await failureOf(handle)).toBe(error)
  })

  it('keeps its contexts to itself', async () => {
    const Language = createContext<string>('language', 'en')
    await manager.spawn(() => Language.set('de'))
    expect(await manager.spawn(() => Language.get())).toBe('en')
  })

  it('that yields something else than an effect fails, saying what to do', async () => {
    const wrong = manager.spawn(function* () {
      yield 5 as never
    })
    expect(await failureOf(wrong)).toBeInstanceOf(TypeError)
    expect(wrong.exception()).toHaveProperty('message', expect.stringMatching(/yielded 5.*yield\*.*until\(promise\)/))
    const late = manager.spawn(function* () {
      yield* sleep(0)
      yield Promise.resolve() as never
    })
    expect(await failureOf(late)).toBeInstanceOf(TypeError)
  })
})

describe('the async context of the work', () => {
  const store = new AsyncLocalStorage<string>()

  it('is that of the spawn call, no matter who frees the slot', async () => {
    manager.maxTasks = 1
    const { promise, resolve } = Promise.withResolvers<void>()
    const first = manager.spawn(() => promise)
    const seen = store.run('spawner', () => manager.spawn(() => store.getStore()))
    store.run('another', () => resolve())
    await first
    expect(await seen).toBe('spawner')
  })

  it('is that of the spawn call in every step of an operation, no matter who resumes it', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const seen: unknown[] = []
    const handle = store.run('spawner', () =>
      manager.spawn(function* () {
        seen.push(store.getStore())
        yield* until(promise)
        seen.push(store.getStore())
        yield* sleep(0)
        seen.push(store.getStore())
      }),
    )
    await settle()
    store.run('another', () => resolve())
    await handle
    expect(seen).toEqual(['spawner', 'spawner', 'spawner'])
  })

  it('is none where none was in use', async () => {
    manager.maxTasks = 1
    const { promise, resolve } = Promise.withResolvers<void>()
    manager.spawn(() => promise)
    const seen = manager.spawn(() => store.getStore())
    store.run('another', () => resolve())
    expect(await seen).toBeUndefined()
  })
})

describe('the start', () => {
  it('is on a later microtask, not in the call of spawn', async () => {
    const log: string[] = []
    const handle = manager.spawn(() => void log.push('work'))
    log.push('spawned')
    await handle
    expect(log).toEqual(['spawned', 'work'])
  })

  it('hands the context over', async () => {
    const other = await TaskManager.start()
    const context = await other.spawn(task => ({ id: task.id, name: task.name, attempt: task.attempt }), { name: 'x' })
    expect(context).toEqual({ id: 1, name: 'x', attempt: 1 })
  })

  it('takes thousands of synchronous tasks without a stack overflow', async () => {
    manager.maxTasks = 1
    const last = Array.from({ length: 20_000 }, (_, n) => manager.spawn(() => n)).at(-1)
    expect(await last).toBe(19_999)
  })
})

describe('a body error', () => {
  it('stays the primary one, and the cleanup error is attached and told', async () => {
    const told: unknown[] = []
    const other = await TaskManager.start({ onError: error => told.push(error) })
    const handle = other.spawn(function* () {
      yield* ensure(() => {
        throw 'the cleanup'
      })
      yield* sleep(0)
      throw 'the body'
    })
    expect(await failureOf(handle)).toBe('the body')
    expect(handle.record()).toMatchObject({ status: 'failed', error: 'the body', cleanupError: 'the cleanup' })
    await settle()
    expect(told).toEqual(['the cleanup'])
  })

  it('has no cleanup error where the cleanup went well', async () => {
    const handle = manager.spawn(function* () {
      yield* ensure(() => sleep(0))
      throw 'the body'
    })
    await failureOf(handle)
    expect(handle.record()).not.toHaveProperty('cleanupError')
  })
})

describe('an operation that is told to stop before its scope is open', () => {
  it('is halted when its first step cancels it', async () => {
    const log: string[] = []
    const { elapsed } = await autojump(async () => {
      const manager = await TaskManager.start()
      const handle: TaskHandle<void> = manager.spawn(function* () {
        yield* ensure(function* () {
          yield* sleep(20)
          log.push('cleaned up')
        })
        handle.cancel()
        yield* sleep(500)
        log.push('went on')
      })
      await failureOf(handle)
      expect(handle.record()).toMatchObject({ status: 'cancelled', abandoned: false })
    })
    expect(log).toEqual(['cleaned up'])
    expect(elapsed).toBe(20)
  })

  it('is never begun when its function has cancelled it', async () => {
    let begun = false
    await autojump(async () => {
      const manager = await TaskManager.start()
      const handle: TaskHandle<void> = manager.spawn(() => {
        handle.cancel()
        return (function* () {
          begun = true
          yield* sleep(500)
        })()
      })
      await delay(1)
      expect(handle.status).toBe('cancelled')
      expect(manager.stats().abandoned).toBe(0)
    })
    expect(begun).toBe(false)
  })

  it('is never begun when its function has read the signal before it was cancelled', async () => {
    let begun = false
    await autojump(async () => {
      const manager = await TaskManager.start()
      const handle: TaskHandle<void> = manager.spawn(({ signal }) => {
        signal.addEventListener('abort', () => {})
        handle.cancel()
        return (function* () {
          begun = true
          yield* sleep(500)
        })()
      })
      await delay(1)
      expect(handle.record()).toMatchObject({ status: 'cancelled', abandoned: false })
    })
    expect(begun).toBe(false)
  })
})

describe('a cleanup that fails after success', () => {
  it('makes the task failed, also when it throws undefined', async () => {
    const manager = await TaskManager.start({ logger: false })
    const handle = manager.spawn(function* () {
      yield* ensure(() => {
        throw undefined
      })
    })
    await manager.drain()
    expect(handle.status).toBe('failed')
    expect(await failureOf(handle)).toBeUndefined()
  })

  it('makes the task failed, also when it throws what the body returned', async () => {
    const manager = await TaskManager.start({ logger: false })
    const error = new Error('the cleanup failed')
    const handle = manager.spawn(function* () {
      yield* ensure(() => {
        throw error
      })
      return error
    })
    await manager.drain()
    expect(handle.status).toBe('failed')
    expect(await failureOf(handle)).toBe(error)
  })
})

/** What the README says of effection 4.1.1: once this fails, so is that paragraph to go. */
it('of an error that nobody can read, what was spawned hides it, but the task ends when it is told to', async () => {
  const manager = await TaskManager.start({ logger: false })
  const unreadable = () => {
    throw Object.create(null)
  }
  const joining = manager.spawn(function* () {
    return yield* yield* spawn(function* () {
      yield* sleep(1)
      unreadable()
    })
  })
  const hanging = manager.spawn(() => resource(unreadable))
  expect(await joining).toBeUndefined()
  expect(hanging.status).toBe('running')
  expect(await hanging.cancel()).toBe(true)
  expect(hanging.record()).toMatchObject({ status: 'cancelled', abandoned: false })
})
