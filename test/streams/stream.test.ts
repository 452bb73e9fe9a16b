import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import {
  type StreamOptions,
  TaskCancelledError,
  type TaskContext,
  TaskManager,
  type TaskManagerOptions,
  TaskTimeoutError,
} from '../../src/index.ts'
import { runVirtual, settle } from '../../src/testing.ts'
import { collect, delay, failureOf, forever } from '../work.ts'

const manage = (options: TaskManagerOptions = {}) => TaskManager.start({ onError: () => {}, ...options })

async function* count(to: number, each: (item: number) => unknown = () => {}) {
  for (let item = 1; item <= to; item += 1) {
    each(item)
    yield item
  }
}

describe('a stream', () => {
  it('gives its items in order and ends', async () => {
    await using manager = await manage()
    const stream = manager.stream(() => count(100))
    expect(await collect(stream)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
    expect(await stream.done).toBeUndefined()
    expect(stream).toMatchObject({ id: 1, name: 'task 1', status: 'done' })
    expect(stream.record()).toMatchObject({ status: 'done', attempt: 1 })
  })

  it.each([1, 2, 3, 16])('is at most %i items ahead of its reader, and waits for one', async buffer => {
    await using manager = await manage()
    let made = 0
    const stream = manager.stream(() => count(50, item => (made = item)), { buffer })
    await settle()
    expect(made).toBe(buffer)
    let read = 0
    for await (const item of stream) {
      read += 1
      expect(item).toBe(read)
      await settle()
      expect(made).toBeLessThanOrEqual(read + buffer)
      expect(made).toBeGreaterThan(Math.min(49, read))
    }
    expect(read).toBe(50)
  })

  it('takes Node streams, web streams, and promises of them', async () => {
    await using manager = await manage()
    expect(await collect(manager.stream(() => Readable.from(['a', 'b'])))).toEqual(['a', 'b'])
    expect(await collect(manager.stream(async () => new Blob(['text']).stream()))).toHaveLength(1)
    expect(await collect(manager.stream(async () => count(2)))).toEqual([1, 2])
  })

  it('ends an idle Node or web stream at once when it is left', async () => {
    await using manager = await manage({ cleanupTimeout: Number.POSITIVE_INFINITY })
    const node = new Readable({ read() {} })
    const web = new ReadableStream({})
    for (const idle of [node, web]) {
      const stream = manager.stream(() => idle)
      await settle()
      expect(await stream.cancel()).toBe(true)
    }
    expect(node.destroyed).toBe(true)
  })

  it('gives an error after the items before it', async () => {
    await using manager = await manage()
    const error = new Error('no more')
    const stream = manager.stream(async function* () {
      yield* count(3)
      throw error
    })
    await settle()
    const items: number[] = []
    const read = async () => {
      for await (const item of stream) items.push(item)
    }
    expect(await failureOf(read())).toBe(error)
    expect(items).toEqual([1, 2, 3])
    expect(stream.status).toBe('failed')
  })

  it('gives what was made before a cancel or a timeout, then its error', async () => {
    await runVirtual(async () => {
      await using manager = await manage()
      const slow = async function* ({ signal }: TaskContext) {
        yield 1
        yield 2
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      }
      const late = manager.stream(slow, { timeout: 10 })
      await delay(20)
      const iterator = late[Symbol.asyncIterator]()
      expect([await iterator.next(), await iterator.next()]).toMatchObject([{ value: 1 }, { value: 2 }])
      expect(await failureOf(iterator.next())).toBeInstanceOf(TaskTimeoutError)
      expect(await iterator.next()).toEqual({ done: true, value: undefined })

      const cancelled = manager.stream(slow)
      await settle()
      expect(await cancelled.cancel('enough')).toBe(true)
      const error = (await failureOf(collect(cancelled))) as TaskCancelledError
      expect(error).toBeInstanceOf(TaskCancelledError)
      expect(error.cause).toBe('enough')
      expect(await cancelled.cancel()).toBe(false)
    })
  })

  it('holds its slot and its limits until it was read to the end', async () => {
    await using manager = await manage({ maxTasks: 1 })
    const stream = manager.stream(() => count(20), { buffer: 4 })
    const other = manager.spawn(() => 'other')
    await settle()
    expect(other.status).toBe('pending')
    for await (const item of stream) if (item < 16) expect(other.status).toBe('pending')
    expect(await other).toBe('other')
  })

  it('starts when it is to', async () => {
    await runVirtual(async () => {
      await using manager = await manage()
      const started = performance.now()
      expect(await collect(manager.stream(() => count(2), { delay: 500 }))).toEqual([1, 2])
      expect(performance.now() - started).toBe(500)
    })
  })

  it('runs in the async context of its call, every step', async () => {
    const { AsyncLocalStorage } = await import('node:async_hooks')
    const storage = new AsyncLocalStorage<string>()
    await using manager = await manage()
    const seen = new Set<string | undefined>()
    const look = async function* () {
      try {
        for (let item = 0; item < 10; item += 1) {
          seen.add(storage.getStore())
          yield item
          await null
          seen.add(storage.getStore())
        }
      } finally {
        seen.add(storage.getStore())
      }
    }
    const stream = storage.run('spawner', () => manager.stream(look, { buffer: 2 }))
    await storage.run('reader', async () => {
      for await (const item of stream) if (item === 7) break
    })
    expect([...seen]).toEqual(['spawner'])
  })

  it('lets the event loop have its turn while neither side waits', async () => {
    await using manager = await manage()
    let turns = 0
    const turn = () => {
      turns += 1
      timer = setImmediate(turn)
    }
    let timer = setImmediate(turn)
    for await (const _ of manager.stream(() => count(Number.POSITIVE_INFINITY))) {
      if (turns === 3) break
    }
    clearImmediate(timer)
  })
})

describe('leaving the loop', () => {
  const guarded = (log: string[]) =>
    async function* () {
      try {
        yield* count(Number.POSITIVE_INFINITY)
      } finally {
        await delay(5)
        log.push('finally')
      }
    }

  it.each(['break', 'return', 'throw'])('by %s waits until the producer has run its finally', async how => {
    await using manager = await manage()
    const log: string[] = []
    const stream = manager.stream(guarded(log))
    const leave = async () => {
      for await (const item of stream) {
        if (item < 3) continue
        if (how === 'break') break
        if (how === 'return') return
        throw new Error('left')
      }
    }
    await leave().catch(error => log.push(error.message))
    expect(log).toEqual(how === 'throw' ? ['finally', 'left'] : ['finally'])
    expect(stream.status).toBe('cancelled')
    expect(manager.stats()).toMatchObject({ running: 0, stopping: 0, cancelled: 1 })
  })

  it('before the producer has begun never begins it', async () => {
    await using manager = await manage({ maxTasks: 1 })
    const gate = Promise.withResolvers<void>()
    manager.spawn(() => gate.promise)
    let begun = false
    const stream = manager.stream(() => count(3, () => (begun = true)))
    await stream[Symbol.asyncIterator]().return?.()
    gate.resolve()
    await manager.drain()
    expect(begun).toBe(false)
    expect(stream.status).toBe('cancelled')
  })

  it('throws what the producer fails with because of it, and gives no more items', async () => {
    await using manager = await manage()
    const stream = manager.stream(async function* () {
      try {
        yield* count(10)
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: it is what is tested
        throw new Error('cleanup')
      }
    })
    const iterator = stream[Symbol.asyncIterator]()
    await iterator.next()
    const waiting = iterator.return?.() as Promise<unknown>
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
    expect(await failureOf(waiting)).toMatchObject({ message: 'cleanup' })
    expect(stream.status).toBe('failed')
  })

  it('tells a failure of which nobody has heard to onError, once', async () => {
    const told: unknown[] = []
    await using manager = await manage({ onError: error => told.push(error) })
    const error = new Error('unheard')
    const fails = async function* () {
      yield* count(5)
      throw error
    }
    for await (const _ of manager.stream(fails)) {
      await settle()
      break
    }
    await settle()
    expect(told).toEqual([error])
  })

  it('ends reads that wait, and later calls, once the producer has stopped', async () => {
    await using manager = await manage()
    const stream = manager.stream(async function* ({ signal }) {
      yield 1
      await new Promise(resolve => signal.addEventListener('abort', resolve))
      await settle()
    })
    const iterator = stream[Symbol.asyncIterator]()
    await iterator.next()
    const seen: string[] = []
    const waiting = iterator.next().then(() => seen.push(stream.status))
    await settle()
    const left = iterator.return?.()
    await iterator.return?.()
    seen.push(stream.status)
    await Promise.all([waiting, left])
    expect(seen).toEqual(['cancelled', 'cancelled'])
  })

  it('ends reads that wait', async () => {
    await using manager = await manage()
    const stream = manager.stream(async function* ({ signal }) {
      yield 1
      await new Promise(resolve => signal.addEventListener('abort', resolve))
    })
    const iterator = stream[Symbol.asyncIterator]()
    const reads = [iterator.next(), iterator.next(), iterator.next()]
    await settle()
    await iterator.return?.()
    const over = { done: true, value: undefined }
    expect(await Promise.all(reads)).toEqual([{ done: false, value: 1 }, over, over])
  })
})

describe('a stream that nobody reads', () => {
  it('waits, and is stopped by its handle, by disposing and by close', async () => {
    const log: number[] = []
    const manager = await manage()
    const open = () =>
      manager.stream(
        async function* () {
          try {
            yield* count(Number.POSITIVE_INFINITY)
          } finally {
            log.push(1)
          }
        },
        { buffer: 2 },
      )
    const [first, third] = [open(), open()]
    {
      await using second = open()
      await settle()
      expect(second.status).toBe('running')
    }
    expect(log).toHaveLength(1)
    await first.cancel()
    expect(log).toHaveLength(2)
    const report = await manager.close({ timeout: 0 })
    expect(report).toMatchObject({ cancelled: 3, abandoned: [] })
    expect(log).toHaveLength(3)
    expect(await failureOf(collect(third))).toBeInstanceOf(TaskCancelledError)
  })

  it('tells its failure to onError once, and its reader later on as well', async () => {
    const told: unknown[] = []
    await using manager = await manage({ onError: error => told.push(error) })
    const error = new Error('early')
    const stream = manager.stream(async function* () {
      yield 1
      throw error
    })
    await settle()
    expect(told).toEqual([error])
    expect(await failureOf(collect(stream))).toBe(error)
    await settle()
    expect(told).toEqual([error])
  })

  it('has its failure told to the handle alone that was asked for', async () => {
    const told: unknown[] = []
    await using manager = await manage({ onError: error => told.push(error) })
    const error = new Error('known')
    const stream = manager.stream(async function* () {
      yield 1
      throw error
    })
    expect(await failureOf(stream.done)).toBe(error)
    for await (const _ of stream) break
    await settle()
    expect(told).toEqual([])
  })
})

describe('the retries of a stream', () => {
  const failing = (times: number, items = 3) => {
    let attempt = 0
    return async function* () {
      attempt += 1
      for (let item = 1; item <= items; item += 1) yield `${attempt}.${item}`
      if (attempt <= times) throw new Error(`attempt ${attempt}`)
    }
  }
  const retry = { retries: 3, wait: 10 }

  it('begin anew as long as nothing was read, and drop what was made', async () => {
    await runVirtual(async () => {
      await using manager = await manage()
      const stream = manager.stream(failing(2), { retry })
      await delay(100)
      expect(stream.record().attempts).toHaveLength(3)
      expect(await collect(stream)).toEqual(['3.1', '3.2', '3.3'])
    })
  })

  it('keep back what may be made again, while it is decided', async () => {
    await runVirtual(async () => {
      await using manager = await manage()
      const gate = Promise.withResolvers<boolean>()
      const stream = manager.stream(failing(1), { retry: { ...retry, retryOn: () => gate.promise } })
      await delay(1)
      const read = collect(stream)
      await delay(1)
      gate.resolve(true)
      expect(await read).toEqual(['2.1', '2.2', '2.3'])

      const no = manager.stream(failing(1), { retry: { ...retry, retryOn: async () => false } })
      await delay(1)
      const items: string[] = []
      const readAll = async () => {
        for await (const item of no) items.push(item)
      }
      expect(await failureOf(readAll())).toMatchObject({ message: 'attempt 1' })
      expect(items).toEqual(['1.1', '1.2', '1.3'])
    })
  })

  it('end with the first item that was read', async () => {
    await runVirtual(async () => {
      await using manager = await manage()
      const stream = manager.stream(failing(1, 20), { retry, buffer: 4 })
      const items: string[] = []
      const read = async () => {
        for await (const item of stream) items.push(item)
      }
      expect(await failureOf(read())).toMatchObject({ message: 'attempt 1' })
      expect(items).toHaveLength(20)
      expect(stream.record().attempt).toBe(1)
    })
  })

  it('follow a timeout as well, and hear nothing of the attempt that was given up', async () => {
    await runVirtual(async () => {
      await using manager = await manage({ cleanupTimeout: 5 })
      const first = Promise.withResolvers<void>()
      let attempt = 0
      const stream = manager.stream(
        async function* () {
          attempt += 1
          const own = attempt
          if (own === 1) await first.promise
          yield own
          yield own
        },
        { retry, timeout: 20 },
      )
      await delay(60)
      first.resolve()
      await delay(1)
      expect(await collect(stream)).toEqual([2, 2])
    })
  })
})

describe('what is wrong with a stream', () => {
  it('is said at the call', async () => {
    const manager = await manage({ maxPending: 1, autoStart: false })
    const stream = (work: unknown, options?: unknown) =>
      manager.stream(work as () => AsyncIterable<unknown>, options as StreamOptions)
    expect(() => stream(count(1))).toThrow(TypeError)
    expect(() => stream(() => count(1), { bufer: 1 })).toThrow(/did you mean "buffer"/)
    for (const buffer of [0, -1, 1.5, Number.POSITIVE_INFINITY, Number.NaN]) {
      expect(() => stream(() => count(1), { buffer })).toThrow(RangeError)
    }
    expect(() => stream(() => count(1), { buffer: '1' })).toThrow(TypeError)
    expect(() => stream(() => count(1), { retry: { retries: 1, retryUntil: () => true } })).toThrow(/retryUntil/)
    expect(manager.stats().pending).toBe(0)
    stream(() => count(1))
    expect(() => stream(() => count(1))).toThrow(/maxPending/)
    await manager.close({ pending: 'cancel' })
    expect(() => stream(() => count(1))).toThrow(/closed/)
  })

  it.each([
    ['a list', () => [1, 2], /async function\*/],
    ['an operation', function* () {}, /async function\*/],
    ['nothing', () => undefined, /async iterable, got undefined/],
    ['a promise of text', async () => 'text', /async iterable/],
  ])('is its end when its work returns %s', async (_, work, message) => {
    await using manager = await manage()
    const stream = manager.stream(work as never)
    const error = (await failureOf(collect(stream))) as Error
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toMatch(message)
  })

  it('is a second reader', async () => {
    await using manager = await manage()
    const stream = manager.stream(() => count(3))
    const iterator = stream[Symbol.asyncIterator]()
    expect(() => stream[Symbol.asyncIterator]()).toThrow(/each of its items comes once/)
    expect(await collect({ [Symbol.asyncIterator]: () => iterator[Symbol.asyncIterator]() })).toEqual([1, 2, 3])
    expect(() => stream[Symbol.asyncIterator]()).toThrow(TypeError)
  })

  it('is named when a task reads one that needs its own slot', async () => {
    await using manager = await manage({ maxTasks: 1, deadlockAfter: 0 })
    const error = await failureOf(manager.spawn(() => collect(manager.stream(() => count(3)))))
    expect(error).toMatchObject({ code: 'ERR_DEADLOCK' })
  })
})

describe('a hostile async iterable', () => {
  const iterable = (iterator: object) => ({ [Symbol.asyncIterator]: () => iterator }) as AsyncIterable<unknown>
  const refusing = (name: string): never => {
    throw new Error(name)
  }

  it.each<[string, () => AsyncIterable<unknown>]>([
    [
      'iterator',
      () => ({
        get [Symbol.asyncIterator]() {
          return refusing('iterator')
        },
      }),
    ],
    ['called', () => ({ [Symbol.asyncIterator]: () => refusing('called') })],
    ['next', () => iterable({ next: () => refusing('next') })],
    [
      'done',
      () =>
        iterable({
          next: async () => ({
            get done() {
              return refusing('done')
            },
          }),
        }),
    ],
    [
      'value',
      () =>
        iterable({
          next: async () => ({
            get value() {
              return refusing('value')
            },
          }),
        }),
    ],
    [
      'then',
      () =>
        iterable({
          next: () => ({
            get then() {
              return refusing('then')
            },
          }),
        }),
    ],
  ])('whose %s throws fails its stream', async (name, work) => {
    await using manager = await manage()
    expect(await failureOf(collect(manager.stream(work)))).toMatchObject({ message: name })
  })

  it.each([null, 7, {}])('is refused the iterator %j, which is none', async iterator => {
    await using manager = await manage()
    const stream = manager.stream(() => iterable(iterator as never))
    expect(await failureOf(collect(stream))).toMatchObject({
      message: expect.stringMatching(/iterator of a stream must have a method next, got /),
    })
  })

  it('is refused what is no step', async () => {
    await using manager = await manage()
    const stream = manager.stream(() => iterable({ next: async () => 7 }))
    expect(await failureOf(collect(stream))).toMatchObject({
      message: expect.stringMatching(/must give an object, got 7/),
    })
  })

  it('whose next never settles is left when its return has answered', async () => {
    await using manager = await manage({ cleanupTimeout: Number.POSITIVE_INFINITY })
    const stream = manager.stream(() => iterable({ next: forever, return: async () => ({ done: true }) }))
    await settle()
    expect(await stream.cancel()).toBe(true)
    expect(stream.record()).toMatchObject({ status: 'cancelled', abandoned: false })
  })

  it('that has no return has stopped when its step has', async () => {
    await using manager = await manage({ cleanupTimeout: Number.POSITIVE_INFINITY })
    const step = Promise.withResolvers<unknown>()
    const stream = manager.stream(() => iterable({ next: () => step.promise }))
    await settle()
    const cancelled = stream.cancel()
    await settle()
    expect(stream.status).toBe('stopping')
    step.resolve({ done: false, value: 1 })
    expect(await cancelled).toBe(true)
  })

  it('whose return never settles is abandoned', async () => {
    await runVirtual(async () => {
      await using manager = await manage({ cleanupTimeout: 100 })
      const stream = manager.stream(() => iterable({ next: forever, return: forever }))
      await settle()
      await stream.cancel()
      expect(stream.record()).toMatchObject({ status: 'cancelled', abandoned: true })
    })
  })

  it('has its items given as they are, thenables too', async () => {
    await using manager = await manage()
    const items = [Promise.resolve(1), { then: () => refusing('then') }, undefined, null, Number.NaN]
    let at = 0
    const stream = manager.stream(() =>
      iterable({ next: async () => (at < items.length ? { value: items[at++] } : { done: 1 }) }),
    )
    const read = stream[Symbol.asyncIterator]()
    for (const item of items) expect((await read.next()).value).toBe(item)
    expect(await read.next()).toEqual({ done: true, value: undefined })
  })
})
