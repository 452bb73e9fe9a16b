import { afterEach, describe, expect, it } from 'vitest'
import {
  callLimit,
  gather,
  limitPool,
  limits,
  RetryValidationError,
  rateLimit,
  resourceLimit,
  TaskCancelledError,
  type TaskHandle,
  wait,
} from '../../src/index.ts'
import { configure, currentTask, type ProgressReporter, TaskWorker, task, withConfig } from '../../src/worker.ts'
import { delay, failureOf } from '../work.ts'
import { flaky } from '../worker/flaky.ts'
import { within } from '../worker/within.ts'

const square = (x: number) => x * x
const ids = (handles: readonly TaskHandle<unknown>[]) => handles.map(({ id }) => id)

describe('system D, concurry TaskWorker', () => {
  it('has submit, map and call, in every mode', async () => {
    for (const mode of ['sync', 'async', 'thread', 'process'] as const) {
      const worker = await TaskWorker.start({ mode, fn: (x: number) => x + 1, maxWorkers: 1 })
      expect(await worker.submit(1), mode).toBe(2)
      expect(await worker.submit((x: number) => x * x, 3)).toBe(9)
      expect(await worker.call(2)).toBe(3)
      expect(await worker.map([1, 2]).toArray()).toEqual([2, 3])
      await worker.stop()
    }
  })

  it('binds a function: a callable first argument overrides it, None is data', async () => {
    const show = task((...args: readonly unknown[]) => args)
    expect(await Promise.all([show(undefined), show(null), show(), show((x: number) => -x, 5)])).toEqual([
      [undefined],
      [null],
      [],
      -5,
    ])
  })

  it('has 1,000 calls that wait take as long as their share of the slots', async () => {
    const elapsed = await within({ maxWorkers: 50 }, async worker => {
      expect(await worker.map(() => delay(775, 1), new Array(1_000).fill(0)).toArray()).toHaveLength(1_000)
    })
    expect(elapsed).toBe(775 * 20)
  })

  it('injects limits into what it decorates, and takes rate, calls and resources together', async () => {
    const elapsed = await within({}, async () => {
      const [calls, connection] = [callLimit(100, 60_000), resourceLimit({ key: 'connection', capacity: 1 })]
      const tokens = rateLimit({ key: 'tokens', capacity: 10, per: 1_000, algorithm: 'sliding-window' })
      const ask = task(async (_tokens: number) => delay(10, connection.stats().used), {
        limits: limits([calls, connection, tokens]),
        cost: (tokens: number) => ({ tokens }),
      })
      expect(await Promise.all([ask(5), ask(5), ask(5)])).toEqual([1, 1, 1])
      expect([calls.stats().used, connection.stats().used]).toEqual([3, 0])
    })
    expect(elapsed).toBe(1_010)
  })

  it('has pools of limits, which take turns', async () => {
    const [east, west] = [resourceLimit({ key: 'east', capacity: 1 }), resourceLimit({ key: 'west', capacity: 1 })]
    const elapsed = await within({ limits: limitPool([east, west], 'round-robin') }, async worker => {
      const seen: string[] = []
      const look = () => delay(10).then(() => seen.push(`${east.stats().used} ${west.stats().used}`))
      await worker.map(look, [1, 2, 3, 4]).toArray()
      expect(seen).toContain('1 1')
    })
    expect(elapsed).toBe(20)
  })

  describe('map', () => {
    it('shows progress or not, with options or in an own instance', async () => {
      const written: string[] = []
      const stream = { write: (text: string) => written.push(text) }
      const told: string[] = []
      const own: ProgressReporter = {
        start: () => told.push('start'),
        update: ({ completed }) => told.push(String(completed)),
        stop: () => told.push('stop'),
      }
      const work = task(square)
      expect(await work.map([1, 2], { progress: false }).toArray()).toEqual([1, 4])
      expect(await work.map([1, 2], { progress: { stream, label: 'all' } }).toArray()).toEqual([1, 4])
      expect(await work.map([1, 2], { progress: own }).toArray()).toEqual([1, 4])
      expect(written.join('')).toContain('all')
      expect(told).toEqual(['start', '1', '2', 'stop'])
    })

    it('zips several iterables, gives results in the order of the input, and takes an empty one', async () => {
      await within({ maxWorkers: 5 }, async worker => {
        const slower = (x: number, ms: number) => delay(ms, x)
        expect(await worker.map(slower, [1, 2, 3, 4], [30, 20, 10]).toArray()).toEqual([1, 2, 3])
        expect(await worker.map(square, []).toArray()).toEqual([])
      })
    })

    it('has a timeout for each result, and errors at their position', async () => {
      const elapsed = await within({ maxWorkers: 3 }, async worker => {
        const work = async (ms: number) => {
          if (ms === 0) throw new RangeError('nothing to do')
          return delay(ms, ms)
        }
        const results = await worker.map(work, [10, 500, 0, 20], { timeout: 100, onError: 'collect' }).toArray()
        expect(results).toEqual([10, expect.objectContaining({ code: 'ERR_TASK_TIMEOUT' }), expect.any(RangeError), 20])
      })
      expect(elapsed).toBeLessThan(500 + 1_000)
    })
  })

  it('keeps the name of the function', () => {
    const kept = task(function download(_url: string) {})
    expect([kept.name, kept.length, kept('x').name]).toEqual(['download', 1, 'download'])
  })

  describe('the configuration', () => {
    afterEach(() => configure({ priority: undefined, async: undefined }))

    it('is a hierarchy: explicit before the mode before all', () => {
      configure({ priority: 1, async: { priority: 2 } })
      const priority = (mode: 'sync' | 'async', options = {}) => task(square, { mode, ...options })(2).record().priority
      expect([priority('sync'), priority('async'), priority('async', { priority: 3 })]).toEqual([1, 2, 3])
      expect(withConfig({ priority: 5 }, () => priority('sync'))).toBe(5)
    })
  })

  describe('retries', () => {
    it.each([
      ['exponential', [100, 200, 400, 800]],
      ['linear', [100, 200, 300, 400]],
      ['fibonacci', [100, 100, 200, 300]],
    ] as const)('wait in the way called %s', async (backoff, expected) => {
      await within({ retry: { retries: 4, wait: 100, backoff } }, async worker => {
        const { work, waits } = flaky(4)
        expect(await worker.submit(work)).toBe(5)
        expect(waits()).toEqual(expected)
      })
    })

    it('follow retry_on, by classes and predicates, and retry_until, by the result', async () => {
      await within({}, async worker => {
        const submit = (retry: object, work: () => unknown) => withConfig({ retry } as never, () => worker.submit(work))
        expect(await submit({ retries: 3, wait: 1, retryOn: RangeError }, flaky(2).work)).toBe(3)
        expect(await failureOf(submit({ retries: 3, wait: 1, retryOn: TypeError }, flaky(2).work))).toMatchObject({
          message: 'attempt 1',
        })
        const until = { retries: 3, wait: 1, retryUntil: (n: number) => n > 9 }
        expect(await failureOf(submit(until, () => currentTask().attempt))).toBeInstanceOf(RetryValidationError)
      })
    })
  })

  it('waits for and gathers its calls', async () => {
    await within({}, async worker => {
      const [slow, quick] = [worker.submit(() => delay(50, 'slow')), worker.submit(() => delay(5, 'quick'))]
      const { done, pending } = await wait<TaskHandle<string>>([slow, quick], { returnWhen: 'first' })
      expect([done, pending].map(ids)).toEqual([[quick.id], [slow.id]])
      expect(await gather({ slow, quick })).toEqual({ slow: 'slow', quick: 'quick' })
    })
  })

  it('stops: what is pending is cancelled', async () => {
    await within({ maxWorkers: 1 }, async worker => {
      const [running, pending] = [worker.submit(() => delay(50, 'ran')), worker.submit(() => 'never')]
      await delay(1)
      const report = worker.stop()
      expect(await failureOf(pending)).toBeInstanceOf(TaskCancelledError)
      expect(await running).toBe('ran')
      expect(await report).toMatchObject({ done: 1, cancelled: 1 })
    })
  })

  it('stays usable after a task threw, and counts', async () => {
    await within({ maxWorkers: 1 }, async worker => {
      const handle = worker.submit(() => {
        throw new RangeError('wrong')
      })
      expect(await failureOf(handle)).toBeInstanceOf(RangeError)
      expect(await worker.submit(square, 3)).toBe(9)
      expect(worker.stats()).toMatchObject({ done: 1, failed: 1, running: 0, dispatched: 2, workers: 1 })
    })
  })

  it('has what it wished for: an async context manager, priorities, class methods', async () => {
    await within({ maxWorkers: 1 }, async worker => {
      const order: number[] = []
      {
        await using scoped = worker
        const held = scoped.submit(() => delay(5))
        for (const priority of [1, 3, 2]) withConfig({ priority }, () => scoped.submit(() => order.push(priority)))
        await held
      }
      expect(order).toEqual([3, 2, 1])
      const context = { kind: 'method', addInitializer() {} } as unknown as ClassMethodDecoratorContext<{ n: number }>
      const method = task(async function (this: { n: number }) {
        return this.n
      }, context as never) as unknown as () => PromiseLike<number>
      expect(await { n: 4, method }.method()).toBe(4)
    })
  })
})
