import { Readable } from 'node:stream'
import { sleep } from 'effection'
import { afterAll, describe, expect, expectTypeOf, it, vi } from 'vitest'
import {
  DeadlockError,
  ManagerClosedError,
  type MapOptions,
  type MapResults,
  type MapSettled,
  type TaskContext,
  TaskManager,
  type TaskRecord,
  zip,
} from '../../src/index.ts'
import { task } from '../../src/worker.ts'
import { settle } from '../harness.ts'
import { collect, delay, failureOf, forever, untilAborted } from '../work.ts'
import { within } from './within.ts'

/** An input that tells what was taken from it, and whether it was closed. */
function* counting(log: unknown[], end = Number.POSITIVE_INFINITY) {
  try {
    for (let n = 0; n < end; n += 1) {
      log.push(n)
      yield n
    }
  } finally {
    log.push('closed')
  }
}

async function* slowly<T>(items: Iterable<T>, milliseconds: number) {
  for (const item of items) {
    await delay(milliseconds)
    yield item
  }
}

const echo = task((n: unknown) => n)

/** Every way in which an input may be wrapped. */
const WRAPPED: ((manager: TaskManager, input: AsyncIterable<unknown>) => AsyncIterable<unknown>)[] = [
  (manager, input) => manager.map(input, n => n),
  (manager, input) => manager.map(zip(input, counting([])), n => n),
  (_, input) => echo.map(input),
  (_, input) => zip(input, [1, 2, 3]),
]

afterAll(() => echo.stop())

describe('map', () => {
  it('gives the results in the order of the input', async () => {
    const elapsed = await within({}, async manager => {
      const results = manager.map([30, 10, 20], ms => delay(ms, `after ${ms}`))
      expect(await results.toArray()).toEqual(['after 30', 'after 10', 'after 20'])
    })
    expect(elapsed).toBe(30)
  })

  it('gives them as they finish with ordered: false', async () => {
    await within({}, async manager => {
      const results = manager.map([30, 10, 20], ms => delay(ms, ms), { ordered: false })
      expect(await results.toArray()).toEqual([10, 20, 30])
    })
  })

  it('yields each result as soon as it can be had', async () => {
    await within({}, async manager => {
      const start = performance.now()
      const seen: [number, number][] = []
      for await (const ms of manager.map([10, 40, 20], ms => delay(ms, ms))) seen.push([ms, performance.now() - start])
      expect(seen).toEqual([
        [10, 10],
        [40, 40],
        [20, 40],
      ])
    })
  })

  it('hands over the item, the task and the index', async () => {
    const manager = await TaskManager.start()
    const results = manager.map(['a', 'b'], (item: string, task: TaskContext, index: number) => [item, task.id, index])
    expect(await results.toArray()).toEqual([
      ['a', 1, 0],
      ['b', 2, 1],
    ])
  })

  it.each([
    ['a Set', new Set([1, 2])],
    ['a string', '12'],
    ['a generator', counting([], 2)],
  ])('takes any iterable: %s', async (_, items) => {
    const manager = await TaskManager.start()
    expect(await manager.map(items as Iterable<unknown>, item => item).toArray()).toHaveLength(2)
  })

  it('takes an async iterable', async () => {
    await within({}, async manager => {
      expect(await manager.map(slowly([1, 2, 3], 10), n => n * 2).toArray()).toEqual([2, 4, 6])
    })
  })

  it('works on operations', async () => {
    const manager = await TaskManager.start()
    const results = manager.map([1, 2], function* (n) {
      yield* sleep(0)
      return n * 2
    })
    expect(await results.toArray()).toEqual([2, 4])
  })

  it('of nothing gives nothing', async () => {
    const manager = await TaskManager.start()
    expect(await manager.map([], n => n).toArray()).toEqual([])
  })

  it('gives undefined and null as results', async () => {
    const manager = await TaskManager.start()
    expect(await manager.map([undefined, null, 0], n => n).toArray()).toEqual([undefined, null, 0])
  })

  it('starts nothing before the loop does', async () => {
    const manager = await TaskManager.start()
    const log: unknown[] = []
    const results = manager.map(counting(log, 3), n => n)
    await settle()
    expect(log).toEqual([])
    expect(await results.toArray()).toEqual([0, 1, 2])
  })

  it('runs with the options of spawn', async () => {
    await within({}, async manager => {
      const names: string[] = []
      await manager.map([1, 2], (_, task) => names.push(task.name), { name: 'double' }).toArray()
      expect(names).toEqual(['double', 'double'])
      const error = await failureOf(manager.map([1], forever, { timeout: 20 }).toArray())
      expect(error).toMatchObject({ code: 'ERR_TASK_TIMEOUT', limit: 20 })
    })
  })

  it('starts its work in the async context of the call', async () => {
    const { AsyncLocalStorage } = await import('node:async_hooks')
    const store = new AsyncLocalStorage<string>()
    const manager = await TaskManager.start(1)
    const results = store.run('caller', () => manager.map([1, 2, 3], () => store.getStore()))
    expect(await results.toArray()).toEqual(['caller', 'caller', 'caller'])
  })
})

describe('the look-ahead of map', () => {
  it('is maxTasks at most, and moves on as results are taken', async () => {
    await within({ maxTasks: 3 }, async manager => {
      const log: unknown[] = []
      const loop = manager.map(counting(log, 100), n => n)[Symbol.asyncIterator]()
      await loop.next()
      await settle()
      expect(log.length).toBeLessThanOrEqual(1 + 3)
      for (let taken = 2; taken < 10; taken += 1) {
        await loop.next()
        await settle()
        expect(log.length).toBeGreaterThan(taken)
        expect(log.length).toBeLessThanOrEqual(taken + 3)
      }
      await loop.return?.()
    })
  })

  it('is buffer where that is given', async () => {
    await within({ maxTasks: 3 }, async manager => {
      const log: unknown[] = []
      const loop = manager.map(counting(log), n => n, { buffer: 6 })[Symbol.asyncIterator]()
      await loop.next()
      await settle()
      expect(log).toEqual([0, 1, 2, 3, 4, 5, 6])
      await loop.return?.()
    })
  })

  it('runs no more than maxTasks at once, however large the buffer', async () => {
    await within({ maxTasks: 2 }, async manager => {
      let running = 0
      let most = 0
      const work = async () => {
        most = Math.max(most, ++running)
        await delay(10)
        running -= 1
      }
      await manager.map(counting([], 10), work, { buffer: 100 }).toArray()
      expect(most).toBe(2)
    })
  })

  it('follows maxTasks', async () => {
    await within({ maxTasks: 1 }, async manager => {
      const log: unknown[] = []
      const loop = manager.map(counting(log), n => delay(10, n))[Symbol.asyncIterator]()
      const first = loop.next()
      await delay(5)
      expect(log).toEqual([0])
      manager.maxTasks = 4
      await first
      await loop.next()
      expect(log.length).toBeGreaterThan(3)
      await loop.return?.()
    })
  })

  it('waits for room where maxPending has none, instead of failing', async () => {
    await within({ maxTasks: 1, maxPending: 1 }, async manager => {
      const results = manager.map(counting([], 10), n => delay(5, n), { buffer: 50 })
      expect(await results.toArray()).toHaveLength(10)
      manager.spawn(() => delay(30))
      manager.spawn(() => delay(30))
      expect(await manager.map([1], n => n).toArray()).toEqual([1])
    })
  })

  it('lets work go on while the loop has a result', async () => {
    for (const ordered of [true, false]) {
      const elapsed = await within({ maxTasks: 1 }, async manager => {
        for await (const _ of manager.map(counting([], 10), () => delay(50), { ordered })) await delay(50)
      })
      expect(elapsed).toBe(550)
    }
  })

  it('ends an infinite input by leaving the loop', async () => {
    await within({ maxTasks: 2 }, async manager => {
      const log: unknown[] = []
      const seen: number[] = []
      for await (const n of manager.map(counting(log), n => delay(10, n))) {
        seen.push(n)
        if (n === 4) break
      }
      expect(seen).toEqual([0, 1, 2, 3, 4])
      expect(log.at(-1)).toBe('closed')
    })
  })
})

describe('a call that fails', () => {
  it('ends the loop with its error, once the others were cancelled and have stopped', async () => {
    const elapsed = await within({}, async manager => {
      const error = new Error('broken')
      const stopped: unknown[] = []
      const work = (n: number, { signal }: TaskContext) =>
        n === 1 ? delay(10).then(() => Promise.reject(error)) : untilAborted(signal, 50).finally(() => stopped.push(n))
      expect(await failureOf(manager.map([0, 1, 2], work, { ordered: false }).toArray())).toBe(error)
      expect(stopped).toEqual([0, 2])
      expect(manager.stats()).toMatchObject({ failed: 1, cancelled: 2, running: 0 })
    })
    expect(elapsed).toBe(60)
  })

  it('ends a loop in order at once, whichever item it is of, and starts no more', async () => {
    const elapsed = await within({ maxTasks: 2 }, async manager => {
      const started: number[] = []
      const heard: unknown[] = []
      const work = (n: number, { signal }: TaskContext) => {
        started.push(n)
        if (n === 1) return delay(10).then(() => Promise.reject('broken'))
        return untilAborted(signal).finally(() => heard.push(signal.reason))
      }
      expect(await failureOf(manager.map(counting([], 50), work, { buffer: 50 }).toArray())).toBe('broken')
      expect(started).toEqual([0, 1])
      expect(heard).toEqual(['broken'])
    })
    expect(elapsed).toBe(10)
  })

  it('stops the others while the loop is busy', async () => {
    await within({}, async manager => {
      const seen: unknown[] = []
      const loop = async () => {
        const work = (n: number, { signal }: TaskContext) =>
          n === 0 ? n : n === 1 ? untilAborted(signal) : delay(10).then(() => Promise.reject('broken'))
        for await (const n of manager.map([0, 1, 2], work)) {
          seen.push(n)
          await delay(20)
          seen.push(manager.stats().running)
        }
      }
      expect(await failureOf(loop())).toBe('broken')
      expect(seen).toEqual([0, 0])
    })
  })

  it('yields the results before it first', async () => {
    await within({}, async manager => {
      const seen: number[] = []
      const loop = async () => {
        for await (const n of manager.map([0, 1, 2], n => (n === 2 ? Promise.reject('no') : n))) seen.push(n)
      }
      expect(await failureOf(loop())).toBe('no')
      expect(seen).toEqual([0, 1])
    })
  })

  it('is not told to onError: the loop has thrown it', async () => {
    const told: unknown[] = []
    await within({ onError: error => told.push(error) }, async manager => {
      const work = () => Promise.reject('no')
      await failureOf(manager.map([1, 2, 3], work).toArray())
      await settle()
    })
    expect(told).toEqual([])
  })

  it('takes the place of its result with onError: collect', async () => {
    await within({}, async manager => {
      const error = new Error('broken')
      const results = manager.map([1, 2, 3], n => (n === 2 ? Promise.reject(error) : n), { onError: 'collect' })
      expectTypeOf(results).toEqualTypeOf<MapResults<number | Error>>()
      expect(await results.toArray()).toEqual([1, error, 3])
    })
  })
})

describe('entries', () => {
  it.each([true, false])(
    'tells whose a collected error is, though it is shared and frozen: ordered %s',
    async ordered => {
      await within({}, async manager => {
        const error = Object.freeze(new Error('broken'))
        const work = (ms: number) => delay(ms).then(() => (ms < 25 ? Promise.reject(error) : ms))
        const entries = manager.map([30, 10, 20], work, { onError: 'collect', ordered }).entries()
        expectTypeOf(entries).toEqualTypeOf<AsyncIterableIterator<[index: number, result: number | Error]>>()
        const byIndex = [[0, 30], [1, error], [2, error]] as const // biome-ignore format: one row
        expect(await collect(entries)).toEqual(ordered ? byIndex : [byIndex[1], byIndex[2], byIndex[0]])
      })
    },
  )

  it('ends with the first failure, and cancels what it started when it is left, as the loop over the results', async () => {
    await within({}, async manager => {
      const failing = manager.map([1, 2], n => (n === 2 ? Promise.reject('no') : n))
      expect(await failureOf(collect(failing.entries()))).toBe('no')
      for await (const entry of manager.map([0, 1e6], ms => delay(ms, ms)).entries()) {
        expect(entry).toEqual([0, 0])
        break
      }
      expect(manager.stats()).toMatchObject({ running: 0, stopping: 0 })
    })
  })
})

describe('onError: settle', () => {
  it.each([true, false])('tells a returned error from a thrown one, and the index: ordered %s', async ordered => {
    await within({}, async manager => {
      const error = new Error('broken')
      const work = (ms: number) => delay(ms).then(() => (ms === 10 ? Promise.reject(error) : ms === 20 ? error : ms))
      const results = manager.map([30, 10, 20], work, { onError: 'settle', ordered })
      expectTypeOf(results).toEqualTypeOf<MapResults<MapSettled<number | Error>>>()
      const byIndex = [
        { status: 'fulfilled', value: 30, index: 0 },
        { status: 'rejected', reason: error, index: 1 },
        { status: 'fulfilled', value: error, index: 2 },
      ]
      const expected = ordered ? byIndex : [byIndex[1], byIndex[2], byIndex[0]]
      expect(await results.toArray()).toEqual(expected)
    })
  })

  it('keeps the index over many items, whatever their order', async () => {
    const manager = await TaskManager.start(3)
    const items = Array.from({ length: 3_000 }, (_, index) => index)
    const work = async (n: number) => {
      for (let turns = n % 7; turns > 0; turns -= 1) await null
      return n
    }
    for (const ordered of [true, false]) {
      const settled = await manager.map(items, work, { onError: 'settle', ordered }).toArray()
      expect(settled.every(each => each.status === 'fulfilled' && each.value === each.index)).toBe(true)
    }
  })

  it('tells of a task that was cancelled from outside', async () => {
    await within({}, async manager => {
      const cancelSelf = async (n: number, { id }: TaskContext) => void (n === 2 && manager.get(id)?.cancel('not this'))
      const settled = await manager.map([1, 2], cancelSelf, { onError: 'settle' }).toArray()
      expect(settled).toMatchObject([
        { status: 'fulfilled' },
        { status: 'rejected', reason: { code: 'ERR_TASK_CANCELLED' } },
      ])
    })
  })
})

describe('an input that throws', () => {
  it('ends the loop with its error', async () => {
    await within({}, async manager => {
      function* broken() {
        yield 1
        throw 'broken input'
      }
      const work = vi.fn()
      expect(await failureOf(manager.map(broken(), work).toArray())).toBe('broken input')
      await settle()
      expect(work).not.toHaveBeenCalled()
    })
  })

  it('ends the loop once what was started has stopped', async () => {
    const elapsed = await within({}, async manager => {
      async function* broken() {
        yield 1
        await delay(10)
        throw 'broken input'
      }
      const stopped: number[] = []
      const work = (n: number, { signal }: TaskContext) => untilAborted(signal, 20).finally(() => stopped.push(n))
      expect(await failureOf(manager.map(broken(), work).toArray())).toBe('broken input')
      expect(stopped).toEqual([1])
    })
    expect(elapsed).toBe(30)
  })

  it('may throw before its first item', async () => {
    const manager = await TaskManager.start()
    const broken = {
      [Symbol.iterator]() {
        throw 'no iterator'
      },
    }
    expect(await failureOf(manager.map(broken as unknown as number[], n => n).toArray())).toBe('no iterator')
  })
})

describe('leaving the loop', () => {
  it('closes the input, cancels the rest and waits until it has stopped', async () => {
    const log: unknown[] = []
    const elapsed = await within({ maxTasks: 3 }, async manager => {
      const work = (n: number, { signal }: TaskContext) =>
        n === 0 ? delay(10, n) : untilAborted(signal, 100).finally(() => log.push(`stopped ${n}`))
      for await (const _ of manager.map(counting(log), work)) break
      expect(manager.stats()).toMatchObject({ done: 1, running: 0, stopping: 0, pending: 0 })
      expect(manager.stats().cancelled).toBeGreaterThan(1)
    })
    expect(log.filter(each => each === 'closed')).toHaveLength(1)
    expect(log).toContain('stopped 1')
    expect(elapsed).toBe(110)
  })

  it('by an error passes that error on', async () => {
    await within({}, async manager => {
      const log: unknown[] = []
      const loop = async () => {
        for await (const _ of manager.map(counting(log), n => n)) throw new Error('of the loop')
      }
      expect(await failureOf(loop())).toHaveProperty('message', 'of the loop')
      expect(log.at(-1)).toBe('closed')
    })
  })

  it('closes an async input too', async () => {
    await within({ maxTasks: 2 }, async manager => {
      const log: unknown[] = []
      async function* input() {
        try {
          for (let n = 0; ; n += 1) yield n
        } finally {
          log.push('closed')
        }
      }
      for await (const _ of manager.map(input(), n => delay(10, n))) break
      await settle()
      expect(log).toEqual(['closed'])
    })
  })

  it('does not wait for an async input that hangs', async () => {
    await within({ maxTasks: 2 }, async manager => {
      async function* input() {
        yield 1
        await forever()
      }
      for await (const _ of manager.map(input(), n => delay(10, n))) break
      expect(manager.stats().done).toBe(1)
    })
  })

  it('destroys an idle Node stream, and cancels an idle web stream, at once', async () => {
    const manager = await TaskManager.start(2)
    for (const wrap of WRAPPED) {
      const node = new Readable({ objectMode: true, read() {} })
      node.push(1)
      for await (const _ of wrap(manager, node)) break
      expect(node.destroyed).toBe(true)

      const cancel = vi.fn()
      const web = new ReadableStream({ start: controller => controller.enqueue(1), cancel })
      for await (const _ of wrap(manager, web)) break
      expect(cancel).toHaveBeenCalledOnce()
      expect(web.locked).toBe(false)
    }
  })

  it('does the same with streams that are not idle, and reads others to their end', async () => {
    const manager = await TaskManager.start(2)
    const node = Readable.from([1, 2, 3, 4, 5, 6])
    for await (const _ of manager.map(node, n => n)) break
    expect(node.destroyed).toBe(true)
    const web = ReadableStream.from([1, 2, 3])
    expect(await manager.map(web, n => n * 2).toArray()).toEqual([2, 4, 6])
    expect(web.locked).toBe(false)
    expect(await manager.map(Readable.from([1, 2, 3]), n => n * 2).toArray()).toEqual([2, 4, 6])
    const broken = new Readable({ read: () => broken.destroy(new Error('broken pipe')) })
    expect(await failureOf(manager.map(broken, n => n).toArray())).toMatchObject({ message: 'broken pipe' })
  })

  it('leaves the manager and its other tasks alone', async () => {
    await within({}, async manager => {
      const other = manager.spawn(() => delay(50, 'other'))
      for await (const _ of manager.map(counting([]), n => n)) break
      expect(await other).toBe('other')
    })
  })
})

describe('an input that fails to close', () => {
  const closing = new Error('closing')
  const unclosable = (close: () => unknown) => ({
    [Symbol.iterator]: () => ({
      next: () => ({ done: false, value: 1 }),
      return: close as () => IteratorResult<number>,
    }),
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw closing
      },
    ],
    ['rejects', () => Promise.reject(closing)],
  ])('tells onError, and the first error stays the one thrown: it %s', async (_, close) => {
    const told: unknown[] = []
    const onError = (error: unknown, { id }: TaskRecord) => told.push([error, id])
    await within({ maxTasks: 2, onError }, async manager => {
      const broken = manager.map(unclosable(close), (_, task) => (task.id === 2 ? Promise.reject('mapper') : delay(10)))
      expect(await failureOf(broken.toArray())).toBe('mapper')
      expect(told).toEqual([[closing, 2]])
      const aborted = manager.map(unclosable(close), () => delay(10), { signal: after(5) })
      expect(await failureOf(aborted.toArray())).toBe('enough')
      expect(told).toHaveLength(2)
    })
  })

  it('throws that when the loop is only left', async () => {
    await within({ maxTasks: 2 }, async manager => {
      const loop = async () => {
        for await (const _ of manager.map(
          unclosable(() => Promise.reject(closing)),
          n => n,
        ))
          break
      }
      expect(await failureOf(loop())).toBe(closing)
    })
  })

  it('is not waited for longer than cleanupTimeout', async () => {
    const elapsed = await within({ maxTasks: 2, cleanupTimeout: 30 }, async manager => {
      const loop = async () => {
        for await (const _ of manager.map(unclosable(forever), n => n)) break
      }
      expect(await failureOf(loop())).toMatchObject({ code: 'ERR_TASK_TIMEOUT', limit: 30 })
    })
    expect(elapsed).toBe(30)
  })

  it('is not waited for at all when it owes an item, and onError is told', async () => {
    const told: unknown[] = []
    await within({ maxTasks: 2, onError: error => told.push(error) }, async manager => {
      let steps = 0
      const input = {
        [Symbol.asyncIterator]: () => ({
          next: () => (++steps === 1 ? Promise.resolve({ done: false, value: 1 }) : forever()),
          return: () => Promise.reject(closing),
        }),
      }
      for await (const _ of manager.map(input as AsyncIterable<number>, n => n)) break
      await settle()
      expect(told).toEqual([closing])
    })
  })

  it('may give something that is no step at all', async () => {
    const manager = await TaskManager.start()
    for (const step of [undefined, Promise.resolve(undefined)]) {
      const input = { [Symbol.asyncIterator]: () => ({ next: () => step }) }
      expect(await failureOf(manager.map(input as never, n => n).toArray())).toBeInstanceOf(TypeError)
    }
  })
})

/** Aborted after so many milliseconds of the virtual clock. */
function after(milliseconds: number): AbortSignal {
  const controller = new AbortController()
  setTimeout(() => controller.abort('enough'), milliseconds)
  return controller.signal
}

describe('the signal of map', () => {
  it('ends the loop with its reason, cancels what was started and closes the input', async () => {
    await within({}, async manager => {
      const controller = new AbortController()
      const heard: unknown[] = []
      const work = (_: number, { signal }: TaskContext) => {
        signal.addEventListener('abort', () => heard.push(signal.reason))
        return untilAborted(signal)
      }
      const log: unknown[] = []
      const input = counting(log)
      const results = failureOf(manager.map(input, work, { signal: controller.signal, buffer: 2 }).toArray())
      await settle()
      controller.abort('enough')
      expect(await results).toBe('enough')
      expect(heard).toEqual(['enough', 'enough'])
      expect(log).toEqual([0, 1, 'closed'])
    })
  })

  it('that is aborted already starts nothing', async () => {
    const manager = await TaskManager.start()
    const work = vi.fn()
    expect(await failureOf(manager.map([1], work, { signal: AbortSignal.abort('before') }).toArray())).toBe('before')
    await settle()
    expect(work).not.toHaveBeenCalled()
    expect(manager.stats()).toMatchObject({ pending: 0, cancelled: 0 })
  })

  it('is not listened to any more after the loop', async () => {
    const { signal } = new AbortController()
    const add = vi.spyOn(signal, 'addEventListener')
    const remove = vi.spyOn(signal, 'removeEventListener')
    const manager = await TaskManager.start()
    await manager.map([1, 2], n => n, { signal }).toArray()
    expect(remove.mock.calls.map(call => call[1])).toEqual(expect.arrayContaining(add.mock.calls.map(call => call[1])))
    expect(add).toHaveBeenCalledTimes(3)
  })
})

describe('the progress of map', () => {
  it('is told after each item, with the total where it is known', async () => {
    const manager = await TaskManager.start()
    const seen: unknown[] = []
    await manager.map([1, 2], n => n, { progress: each => seen.push(each) }).toArray()
    await manager.map(new Set([1]), n => n, { progress: each => seen.push(each) }).toArray()
    await manager.map(counting([], 1), n => n, { progress: each => seen.push(each) }).toArray()
    expect(seen).toEqual([
      { completed: 1, total: 2 },
      { completed: 2, total: 2 },
      { completed: 1, total: 1 },
      { completed: 1 },
    ])
  })

  it('that throws breaks nothing and is logged', async () => {
    const logged: unknown[] = []
    const manager = await TaskManager.start({ logger: { error: error => logged.push(error) } })
    const progress = () => {
      throw new Error('the bar broke')
    }
    expect(await manager.map([1, 2], n => n, { progress }).toArray()).toEqual([1, 2])
    expect(logged).toHaveLength(2)
    expect(logged[0]).toHaveProperty('message', 'the bar broke')
  })
})

describe('map inside a task', () => {
  it('shares the slots of the manager', async () => {
    await within({ maxTasks: 3 }, async manager => {
      const outer = manager.spawn(() => manager.map([1, 2, 3], n => delay(10, n)).toArray())
      expect(await outer).toEqual([1, 2, 3])
    })
  })

  it.each([true, false])('rejects with DeadlockError where no slot is left for it (ordered: %s)', async ordered => {
    await within({ maxTasks: 1 }, async manager => {
      const outer = manager.spawn(() => manager.map([1, 2], n => n, { ordered }).toArray())
      expect(await failureOf(outer)).toBeInstanceOf(DeadlockError)
      await manager.drain()
    })
  })
})

describe('map and close', () => {
  it('refuses to begin after it', async () => {
    const manager = await TaskManager.start()
    manager.close()
    expect(() => manager.map([1], n => n)).toThrow(ManagerClosedError)
  })

  it('ends a loop that would start more', async () => {
    await within({ maxTasks: 1 }, async manager => {
      const log: unknown[] = []
      const results = failureOf(manager.map(counting(log), n => delay(10, n)).toArray())
      await delay(25)
      manager.close()
      expect(await results).toBeInstanceOf(ManagerClosedError)
      expect(log.at(-1)).toBe('closed')
    })
  })
})

describe('wrong calls of map', () => {
  it.each<[string, unknown, unknown, RegExp]>([
    ['no input', undefined, () => 1, /items must be an iterable or an async iterable, got undefined/],
    ['a number', 5, () => 1, /items .*got 5/],
    ['no function', [1], undefined, /fn must be a function, got undefined/],
  ])('are refused at the call: %s', async (_, items, fn, message) => {
    const manager = await TaskManager.start()
    const attempt = () => manager.map(items as number[], fn as () => number)
    expect(attempt).toThrow(TypeError)
    expect(attempt).toThrow(message)
  })

  it.each<[keyof MapOptions, unknown, ErrorConstructor, RegExp]>([
    ['buffer', 0, RangeError, /buffer must be a positive integer or Infinity, got 0/],
    ['buffer', '2', TypeError, /buffer .*got "2"/],
    ['ordered', 'yes', TypeError, /ordered must be true or false, got "yes"/],
    ['onError', 'ignore', RangeError, /onError must be one of 'throw', 'collect', 'settle', got "ignore"/],
    ['progress', 5, TypeError, /progress must be an object, got 5/],
    ['timeout', -1, RangeError, /timeout must be .*got -1/],
    ['signal', 1, TypeError, /signal must be an AbortSignal, got 1/],
  ])('name a wrong %s: %j', async (option, value, type, message) => {
    const manager = await TaskManager.start()
    const attempt = () => manager.map([1], n => n, { [option]: value })
    expect(attempt).toThrow(type)
    expect(attempt).toThrow(message)
  })
})

describe('the types of map', () => {
  it('follow the function', async () => {
    const manager = await TaskManager.start()
    expectTypeOf(manager.map([1], n => n)).toEqualTypeOf<MapResults<number>>()
    expectTypeOf(manager.map(['a'], async text => text.length)).toEqualTypeOf<MapResults<number>>()
    expectTypeOf(manager.map([1], n => [n])).toEqualTypeOf<MapResults<number[]>>()
    expectTypeOf(manager.map([1], () => 'text').toArray()).toEqualTypeOf<Promise<string[]>>()
    expectTypeOf(
      manager.map(slowly(['a'], 1), function* (text) {
        yield* sleep(0)
        return text
      }),
    ).toEqualTypeOf<MapResults<string>>()
  })
})
