import { describe, expect, it } from 'vitest'
import { limits, rateLimit, resourceLimit, type TaskHandle, wait } from '../../src/index.ts'
import { currentTask, withConfig } from '../../src/worker.ts'
import { delay, failureOf, untilAborted } from '../work.ts'
import { flaky } from '../worker/flaky.ts'
import { within } from '../worker/within.ts'

const square = (x: number) => x * x
const ids = (handles: readonly TaskHandle<unknown>[]) => handles.map(({ id }) => id)

describe('system D does not have the defect that', () => {
  it('cancelling a queued call still runs it', async () => {
    await within({ maxWorkers: 1 }, async worker => {
      const called: string[] = []
      const running = worker.submit(({ ms }: { ms: number }) => delay(ms, 'ran'), { ms: 10 })
      const queued = worker.submit(() => called.push('queued'))
      expect(await queued.cancel()).toBe(true)
      expect(await running).toBe('ran')
      await worker.drain()
      expect(called).toEqual([])
      expect(await worker.submit(square, 2)).toBe(4)
    })
  })

  it('a handle passed as an argument blocks the submitter', async () => {
    await within({ maxWorkers: 1 }, async worker => {
      const slow = worker.submit(() => delay(1_000, 5))
      const started = performance.now()
      const handle = worker.submit(square, slow)
      expect(performance.now()).toBe(started)
      expect(handle.status).toBe('pending')
      expect(await handle).toBe(25)
    })
  })

  it('an error inside acquire is masked and its resources leak', async () => {
    await within({}, async worker => {
      const connection = resourceLimit({ key: 'connection', capacity: 1 })
      const error = new RangeError('mine')
      const broken = {
        acquire() {
          throw error
        },
      }
      const call = () => withConfig({ limits: limits([connection, broken]) }, () => worker.submit(square, 2))
      for (let n = 0; n < 3; n += 1) expect(await failureOf(call())).toBe(error)
      expect(connection.stats()).toMatchObject({ used: 0, waiting: 0 })
      const inside = worker.submit(async () => {
        await using _ = await connection.acquire()
        throw error
      })
      expect(await failureOf(inside)).toBe(error)
      expect(connection.stats().used).toBe(0)
    })
  })

  it('nested acquire of another key deadlocks at capacity 1', async () => {
    await within({}, async worker => {
      const [a, b] = [resourceLimit({ key: 'a', capacity: 1 }), resourceLimit({ key: 'b', capacity: 1 })]
      const both = limits([a, b])
      const nested = async (n: number) => {
        await using _ = await both.acquire({ a: 1 }, { only: true })
        await using __ = await both.acquire({ b: 1 }, { only: true })
        return delay(5, n)
      }
      expect(await worker.map(nested, [1, 2, 3]).toArray()).toEqual([1, 2, 3])
    })
  })

  it('a leaky bucket under 100/s never drains', async () => {
    const bucket = rateLimit({ key: 'calls', capacity: 10, per: 1_000, algorithm: 'leaky-bucket' })
    const elapsed = await within({ limits: bucket }, async worker => {
      expect(await worker.map(square, new Array(30).fill(1)).toArray()).toHaveLength(30)
    })
    expect(Math.round(elapsed)).toBe(2_000)
  })

  it("jitter's size is ignored", async () => {
    const spread = async (jitter: number) => {
      const all: number[] = []
      await within({ retry: { retries: 1, wait: 1_000, jitter } }, async worker => {
        const works = Array.from({ length: 40 }, () => flaky(1))
        await Promise.all(works.map(({ work }) => worker.submit(work)))
        all.push(...works.flatMap(({ waits }) => waits()))
      })
      return Math.max(...all.map(ms => Math.abs(ms - 1_000)))
    }
    expect(await spread(0)).toBe(0)
    const small = await spread(0.1)
    expect(small).toBeGreaterThan(0)
    expect(small).toBeLessThanOrEqual(101)
    expect(await spread(0.9)).toBeGreaterThan(101)
  })

  it('waiting for the first exception never returns when none fails', async () => {
    await within({}, async worker => {
      const handles = [1, 2, 3].map(n => worker.submit(square, n))
      const all = await wait(handles, { returnWhen: 'firstException' })
      expect([all.done, all.pending].map(ids)).toEqual([ids(handles), []])
      const held = worker.submit(() => untilAborted(currentTask().signal))
      const failing = worker.submit(() => {
        throw new RangeError('wrong')
      })
      const { done, pending } = await wait<TaskHandle<unknown>>([held, failing], { returnWhen: 'firstException' })
      expect([done, pending].map(ids)).toEqual([[failing.id], [held.id]])
    })
  })
})
