import { describe, expect, it } from 'vitest'
import { SleepTask, TaskRunner } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { delay, failureOf, forever, untilAborted } from '../work.ts'
import { within } from './within.ts'

const NOTHING = { count: 0, mean: 0, p50: 0, p95: 0, p99: 0, max: 0 }

describe('waitTime', () => {
  it('is zero before anything has started', async () => {
    await within({ autoStart: false }, async runner => {
      runner.submit(forever)
      await delay(500)
      expect(runner.stats().waitTime).toEqual(NOTHING)
    })
  })

  it('is measured from the submission to the first start', async () => {
    await within({ workers: 1 }, async runner => {
      for (let n = 0; n < 3; n += 1) runner.submit(new SleepTask({ ms: 100 }))
      await runner.drain()
      expect(runner.stats().waitTime).toEqual({ count: 3, mean: 100, p50: 100, p95: 200, p99: 200, max: 200 })
    })
  })

  it('has every percentile', async () => {
    await within({ workers: 1 }, async runner => {
      for (let n = 0; n < 100; n += 1) runner.submit(new SleepTask({ ms: 10 }))
      await runner.drain()
      expect(runner.stats().waitTime).toEqual({ count: 100, mean: 495, p50: 490, p95: 940, p99: 980, max: 990 })
    })
  })

  it('counts the wait for a place in the queue', async () => {
    await within({ workers: 1, queueSize: 0, submitPolicy: 'wait' }, async runner => {
      runner.submit(new SleepTask({ ms: 70 }))
      runner.submit(() => 1)
      await runner.drain()
      expect(runner.stats().waitTime).toMatchObject({ count: 2, max: 70 })
    })
  })

  it('leaves out what was cancelled before it started, and the waits for retries', async () => {
    await within({ workers: 1 }, async runner => {
      const flaky = runner.submit(({ attempt }) => attempt > 2 || Promise.reject('no'), {
        retry: { retries: 2, wait: 50, jitter: 0 },
      })
      runner.submit(() => 1).cancel()
      await flaky
      expect(runner.stats().waitTime).toEqual({ ...NOTHING, count: 1 })
    })
  })
})

describe('runTime', () => {
  it('is zero while the first is still running', async () => {
    await within({}, async runner => {
      runner.submit(() => delay(50))
      await delay(10)
      expect(runner.stats().runTime).toEqual(NOTHING)
      expect(runner.stats().waitTime.count).toBe(1)
      await runner.drain()
      expect(runner.stats().runTime).toEqual({ count: 1, mean: 50, p50: 50, p95: 50, p99: 50, max: 50 })
    })
  })

  it('is that of every attempt, however it ended', async () => {
    await within({ workers: 10 }, async runner => {
      runner.submit(new SleepTask({ ms: 10 }))
      runner.submit(() => delay(20).then(() => Promise.reject('no')))
      runner.submit(new SleepTask({ ms: 1_000, timeout: 30 }))
      const cancelled = runner.submit(({ signal }) => untilAborted(signal, 15))
      runner.submit(({ attempt }) => delay(100 * attempt).then(() => attempt > 1 || Promise.reject('no')), {
        retry: { retries: 1, wait: 500, jitter: 0 },
      })
      await delay(25)
      cancelled.cancel()
      await runner.drain()
      // 10 done, 20 failed, 30 timed out, 25 + 15 cancelled, 100 and 200 of two attempts.
      expect(runner.stats().runTime).toMatchObject({ count: 6, mean: 400 / 6, p50: 30, max: 200 })
      expect(runner.stats()).toMatchObject({ done: 2, failed: 2, cancelled: 1, retried: 1 })
    })
  })

  it('of work that can not hear ends when its handle does', async () => {
    await within({ cleanupTimeout: 100 }, async runner => {
      const deaf = runner.submit(forever)
      await delay(40)
      await deaf.cancel()
      expect(runner.stats().runTime).toMatchObject({ count: 1, max: 40 })
    })
  })

  it('is within 0.1 % for what takes hours', async () => {
    await within({}, async runner => {
      await runner.submit(new SleepTask({ ms: 3_000_000 }))
      const { max, p50, mean } = runner.stats().runTime
      for (const value of [max, p50, mean]) expect(Math.abs(value / 3_000_000 - 1)).toBeLessThanOrEqual(0.001)
    })
  })
})

describe('throughput', () => {
  it('is zero at the start, and of what is only submitted or cancelled', async () => {
    await within({}, async runner => {
      expect(runner.stats().throughput).toEqual({ lastSecond: 0, overall: 0 })
      const running = runner.submit(({ signal }) => untilAborted(signal))
      await delay(100)
      await running.cancel()
      expect(runner.stats().throughput).toEqual({ lastSecond: 0, overall: 0 })
    })
  })

  it('counts what was done or failed in the last second, and per second since the start', async () => {
    await within({ workers: 1 }, async runner => {
      for (let n = 1; n <= 10; n += 1) {
        runner.submit(() => delay(100).then(() => n % 2 === 0 || Promise.reject('odd')))
      }
      await runner.drain()
      expect(performance.now()).toBe(1_000)
      expect(runner.stats().throughput).toEqual({ lastSecond: 10, overall: 10 })
      await delay(500)
      expect(runner.stats().throughput).toEqual({ lastSecond: 5, overall: 10 / 1.5 })
      await delay(500)
      expect(runner.stats().throughput).toEqual({ lastSecond: 0, overall: 5 })
      await delay(500)
      runner.submit(() => 1)
      await settle()
      expect(runner.stats().throughput).toEqual({ lastSecond: 1, overall: 11 / 2.5 })
    })
  })

  it('has a second of a thousand milliseconds', async () => {
    await within({}, async runner => {
      await runner.submit(() => 1)
      await delay(999)
      expect(runner.stats().throughput.lastSecond).toBe(1)
      await delay(1)
      expect(runner.stats().throughput.lastSecond).toBe(0)
    })
  })

  it('forgets a burst after a long silence', async () => {
    await within({ queueSize: 1_000 }, async runner => {
      for (let n = 0; n < 500; n += 1) runner.submit(() => n)
      await runner.drain()
      await delay(50)
      expect(runner.stats().throughput).toEqual({ lastSecond: 500, overall: 10_000 })
      await delay(1_000_000)
      expect(runner.stats().throughput.lastSecond).toBe(0)
    })
  })
})

describe('after 100,000 tasks', () => {
  it('everything adds up', async () => {
    const runner = await TaskRunner.start({ queueSize: Number.POSITIVE_INFINITY, workers: 50, logger: false })
    for (let n = 0; n < 100_000; n += 1) {
      const handle = runner.submit(n % 4 === 1 ? () => Promise.reject(n) : () => n)
      if (n % 4 === 2) handle.cancel()
    }
    await runner.drain()
    const stats = runner.stats()
    expect(stats).toMatchObject({
      submitted: 100_000,
      done: 50_000,
      failed: 25_000,
      cancelled: 25_000,
      pending: 0,
      running: 0,
      stopping: 0,
      queueSize: 0,
    })
    expect([stats.waitTime.count, stats.runTime.count]).toEqual([75_000, 75_000])
    expect(stats.waitTime.max).toBeGreaterThanOrEqual(stats.waitTime.p99)
    expect(stats.waitTime.p99).toBeGreaterThanOrEqual(stats.waitTime.p50)
    expect(runner.records()).toHaveLength(10_000)
  })
})

describe('failures that are looked at', () => {
  it('change nothing in the statistics', async () => {
    await within({}, async runner => {
      await failureOf(runner.submit(() => Promise.reject('seen')))
      runner.submit(() => Promise.reject('unseen'))
      await runner.drain()
      expect(runner.stats()).toMatchObject({ failed: 2, submitted: 2 })
    })
  })
})
