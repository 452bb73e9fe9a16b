import { describe, expect, it, vi } from 'vitest'
import { resourceLimit } from '../../../src/index.ts'
import type { ProgressReporter, RunProgress } from '../../../src/worker.ts'
import { add, echo, evenOnly, gate, politeGate, square, succeedAt } from '../../fixtures/worker/mode-functions.ts'
import { until } from '../../harness.ts'
import { collect, failureOf } from '../../work.ts'
import type { Mode } from './mode.ts'

/** An input that tells how much of it was taken, and whether it was closed. */
function watched<T>(items: readonly T[]) {
  const seen = { taken: 0, closed: false }
  function* input() {
    try {
      for (const item of items) {
        seen.taken += 1
        yield item
      }
    } finally {
      seen.closed = true
    }
  }
  return { seen, input: input() }
}

async function* asynchronous<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) {
    await Promise.resolve()
    yield item
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

/** A reporter that writes down what it is told. */
function recorder() {
  const told: unknown[] = []
  const reporter: ProgressReporter = {
    start: run => void told.push({ start: run }),
    update: progress => void told.push(progress),
    stop: outcome => void told.push({ stop: outcome }),
  }
  return { told, reporter }
}

/** Maps: inputs, order, look-ahead, errors, leaving early, progress. */
export function describeMaps(mode: Mode): void {
  describe('map', () => {
    it('runs the function on every item and gives the results in their order', async () => {
      const numbers = upTo(30)
      expect(await mode.worker.map(square, numbers).toArray()).toEqual(numbers.map(n => n * n))
      const seen: number[] = []
      for await (const result of mode.worker.map(square, new Set([3, 1, 2]))) seen.push(result)
      expect(seen).toEqual([9, 1, 4])
    })

    it('takes several inputs side by side, up to the end of the shortest', async () => {
      expect(await mode.worker.map(add, [1, 2, 3], [10, 20]).toArray()).toEqual([11, 22])
      expect(await mode.worker.map(add, asynchronous([1, 2]), new Set([10, 20, 30])).toArray()).toEqual([11, 22])
    })

    it('takes async inputs', async () => {
      expect(await mode.worker.map(square, asynchronous([1, 2, 3])).toArray()).toEqual([1, 4, 9])
    })

    it('takes an input without items', async () => {
      expect(await mode.worker.map(square, []).toArray()).toEqual([])
      expect(await mode.worker.map(add, [1, 2], []).toArray()).toEqual([])
      expect(await mode.worker.map(square, asynchronous<number>([])).toArray()).toEqual([])
    })

    it('passes items that are arrays, undefined or null on as they are', async () => {
      expect(await mode.worker.map(echo, [[1, 2], undefined, null]).toArray()).toEqual([[[1, 2]], [undefined], [null]])
    })

    it('runs the bound function', async () => {
      const worker = await mode.start({ fn: square, maxWorkers: 1 })
      expect(await worker.map([1, 2, 3]).toArray()).toEqual([1, 4, 9])
      expect(await worker.map(add, [1], [2]).toArray()).toEqual([3])
    })

    it('gives the results as they come, if the order does not matter', async () => {
      const [first, second] = [mode.file(), mode.file()]
      second.open()
      const seen: string[] = []
      const paths = [first.path, second.path]
      for await (const name of mode.worker.map(gate<string>, paths, ['first', 'second'], { ordered: false })) {
        seen.push(name)
        first.open()
      }
      expect(seen).toEqual(['second', 'first'])
    })

    it('takes from its input only as far ahead as `buffer` says', async () => {
      const { seen, input } = watched(upTo(20))
      const results = mode.worker.map(square, input, { buffer: 3 })[Symbol.asyncIterator]()
      expect(seen.taken).toBe(0)
      await results.next()
      await mode.worker.drain()
      expect(seen.taken).toBeLessThanOrEqual(4)
      await results.next()
      await mode.worker.drain()
      expect(seen.taken).toBeLessThanOrEqual(5)
      await results.return?.(undefined)
      expect(seen.closed).toBe(true)
    })

    it('stops each item that takes longer than `timeout`, and that item alone', async () => {
      const [open, closed] = [mode.file(), mode.file()]
      open.open()
      const results = mode.worker.map(politeGate, [closed.path, open.path, closed.path], {
        timeout: 4_000,
        buffer: 3,
        onError: 'collect',
      })
      const late = expect.objectContaining({ code: 'ERR_TASK_TIMEOUT', limit: 4_000 })
      expect(await results.toArray()).toEqual([late, undefined, late])
    })

    it('throws the first error, and cancels what else it has started', async () => {
      const { seen, input } = watched(upTo(50))
      const error = await failureOf(mode.worker.map(evenOnly, input).toArray())
      expect(error).toBeInstanceOf(RangeError)
      expect(error).toMatchObject({ message: '1 is odd' })
      expect(seen.closed).toBe(true)
      expect(seen.taken).toBeLessThan(50)
      expect(mode.worker.stats()).toMatchObject({ pending: 0, running: 0, stopping: 0 })
    })

    it('gives the errors in the places of their results, if asked to collect them', async () => {
      const results = await mode.worker.map(evenOnly, upTo(5), { onError: 'collect' }).toArray()
      expect(results.map(result => (result instanceof RangeError ? result.message : result))).toEqual([
        0,
        '1 is odd',
        2,
        '3 is odd',
        4,
      ])
    })

    it.each([true, false])('tells whose a collected error is: ordered %s', async ordered => {
      const results = mode.worker.map(evenOnly, upTo(5), { onError: 'collect', ordered })
      const entries = await collect(results.entries())
      const told = entries.map(([index, result]) => [index, result instanceof RangeError ? result.message : result])
      const expected = [[0, 0], [1, '1 is odd'], [2, 2], [3, '3 is odd'], [4, 4]] // biome-ignore format: one row
      expect(told.sort(([a], [b]) => Number(a) - Number(b))).toEqual(expected)
    })

    it('that is left early cancels what it has started, and closes its input', async () => {
      const [open, closed] = [mode.file(), mode.file()]
      open.open()
      const { seen, input } = watched([open.path, ...Array.from({ length: 50 }, () => closed.path)])
      for await (const _ of mode.worker.map(politeGate, input)) break
      expect(seen.closed).toBe(true)
      expect(seen.taken).toBeLessThan(10)
      expect(mode.worker.stats()).toMatchObject({ pending: 0, running: 0, stopping: 0 })
    })

    it('ends with its signal', async () => {
      const [closed, controller] = [mode.file(), new AbortController()]
      const paths = [closed.path, closed.path, closed.path]
      const failure = failureOf(mode.worker.map(politeGate, paths, { signal: controller.signal }).toArray())
      await until(() => mode.worker.stats().running === 2)
      const reason = new Error('away')
      controller.abort(reason)
      expect(await failure).toBe(reason)
      expect(mode.worker.stats()).toMatchObject({ pending: 0, running: 0, stopping: 0 })
    })

    it('has the other options of calls for each item', async () => {
      const limit = resourceLimit({ key: 'tokens', capacity: 5 })
      const cost = (attempt: number) => ({ tokens: attempt })
      const options = { retry: { retries: 2, wait: 0 }, limits: limit, cost }
      expect(await mode.worker.map(succeedAt, [1, 2, 3], options).toArray()).toEqual([1, 2, 3])
      expect(limit.stats().used).toBe(0)
      expect(await failureOf(mode.worker.map(succeedAt, [1, 6], options).toArray())).toBeInstanceOf(RangeError)
    })

    it('refuses what is no input, no function and no options', () => {
      const map = mode.worker.map.bind(mode.worker) as (...args: unknown[]) => unknown
      for (const args of [
        [square],
        [square, 5],
        [square, {}],
        [square, [1], 5],
        [square, [1], null],
        [square, [1], add],
      ]) {
        expect(() => map(...args), JSON.stringify(args)).toThrow(TypeError)
      }
      expect(() => map(square, [1], { buffer: 0 })).toThrow(RangeError)
      expect(() => map(square, [1], { ordered: 1 })).toThrow(TypeError)
      expect(() => map(square, [1], { onError: 'ignore' })).toThrow(RangeError)
      expect(() => map(square, [1], { timeout: -1 })).toThrow(RangeError)
      expect(() => map(square, [1], { progress: 'bar' })).toThrow(TypeError)
    })
  })

  describe('the progress of a map', () => {
    it('goes to a reporter: the start, each item, the end', async () => {
      const { told, reporter } = recorder()
      await mode.worker.map(evenOnly, [0, 1, 2], { progress: reporter, onError: 'collect' }).toArray()
      expect(told[0]).toEqual({ start: { total: 3, label: 'evenOnly' } })
      expect(told.slice(1, 4)).toMatchObject([1, 2, 3].map(completed => ({ completed, total: 3 })))
      expect(told.slice(4)).toEqual([{ stop: { completed: 3, failed: 1 } }])
    })

    it('goes to a function, after each item', async () => {
      const seen: RunProgress[] = []
      for await (const _ of mode.worker.map(square, asynchronous([1, 2]), { progress: p => seen.push(p) }));
      expect(seen).toEqual([
        { completed: 1, failed: 0 },
        { completed: 2, failed: 0 },
      ])
    })

    it('goes to a stream, with options', async () => {
      const written: string[] = []
      const stream = { write: (text: string) => written.push(text) }
      await mode.worker.map(square, [1, 2, 3], { progress: { stream, label: 'squares' } }).toArray()
      expect(written.join('')).toMatch(/squares.*3\/3/)
    })

    it('tells of a map that was left that it was cancelled', async () => {
      const { told, reporter } = recorder()
      for await (const _ of mode.worker.map(square, [1, 2, 3], { progress: reporter })) break
      expect(told.at(-1)).toMatchObject({ stop: { cancelled: true } })
      expect(told.filter(each => JSON.stringify(each).includes('stop'))).toHaveLength(1)
    })

    it('changes no result when its reporter throws, and the logger hears of it once', async () => {
      const logger = { error: vi.fn() }
      const worker = await mode.start({ maxWorkers: 1, logger })
      const broken = new Error('broken')
      const stop = vi.fn()
      const reporter: ProgressReporter = {
        start() {},
        update() {
          throw broken
        },
        stop,
      }
      expect(await worker.map(square, [1, 2, 3], { progress: reporter }).toArray()).toEqual([1, 4, 9])
      expect(logger.error.mock.calls).toEqual([[broken, expect.stringContaining('progress')]])
      expect(stop).toHaveBeenCalledTimes(1)
    })

    it('is told of each run of its own', async () => {
      const { told, reporter } = recorder()
      const results = mode.worker.map(square, [1, 2], { progress: reporter })
      expect(told).toEqual([])
      expect(await results.toArray()).toEqual([1, 4])
      expect(await results.toArray()).toEqual([1, 4])
      expect(told.filter(each => JSON.stringify(each).includes('stop'))).toEqual([
        { stop: { completed: 2, failed: 0 } },
        { stop: { completed: 2, failed: 0 } },
      ])
    })
  })
}
