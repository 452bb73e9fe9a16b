import { describe, expect, it, vi } from 'vitest'
import { SleepTask, TaskCancelledError, TaskTimeoutError } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { within } from '../runner/within.ts'
import { failureOf } from '../work.ts'

describe('a SleepTask', () => {
  it('sleeps, and says so', async () => {
    const elapsed = await within({}, async runner => {
      expect(await runner.submit(new SleepTask({ ms: 500 }))).toBe('slept for 500 ms')
    })
    expect(elapsed).toBe(500)
  })

  it('of no time at all ends too', async () => {
    await within({}, async runner => {
      expect(await runner.submit(new SleepTask({ ms: 0 }))).toBe('slept for 0 ms')
    })
  })

  it('wakes at once when it is cancelled, and leaves no timer', async () => {
    const elapsed = await within({}, async runner => {
      const handle = runner.submit(new SleepTask({ ms: 1_000_000 }))
      await settle()
      expect(vi.getTimerCount()).toBe(1)
      expect(await handle.cancel('up')).toBe(true)
      expect(vi.getTimerCount()).toBe(0)
      expect(handle.exception()).toBeInstanceOf(TaskCancelledError)
      expect(handle.record()).toMatchObject({ status: 'cancelled', cancelReason: 'up', abandoned: false })
    })
    expect(elapsed).toBe(0)
  })

  it('wakes when its timeout passes', async () => {
    const elapsed = await within({}, async runner => {
      const handle = runner.submit(new SleepTask({ ms: 500, timeout: 100 }))
      expect(await failureOf(handle)).toBeInstanceOf(TaskTimeoutError)
      expect(handle.record()).toMatchObject({ status: 'failed', abandoned: false })
      expect(vi.getTimerCount()).toBe(0)
    })
    expect(elapsed).toBe(100)
  })

  it('of Infinity sleeps until it is cancelled, without a timer', async () => {
    await within({}, async runner => {
      const handle = runner.submit(new SleepTask({ ms: Number.POSITIVE_INFINITY }))
      await settle()
      expect(handle.status).toBe('running')
      expect(vi.getTimerCount()).toBe(0)
      await handle.cancel()
      expect(handle.status).toBe('cancelled')
    })
  })

  it('sleeps longer than a timer of Node can', async () => {
    const ms = 2 ** 31 + 5
    let sleeping: unknown
    await within({ closeTimeout: 0 }, async runner => {
      sleeping = await failureOf(runner.submit(new SleepTask({ ms })).wait({ timeout: 1_000 }))
      await runner.close()
    })
    expect(sleeping).toMatchObject({ code: 'ERR_TASK_TIMEOUT', limit: 1_000 })
  })

  it.each([
    [undefined, TypeError, /options must be an object, got undefined/],
    [{}, TypeError, /ms must be .*got undefined/],
    [{ ms: '5' }, TypeError, /ms must be .*got "5"/],
    [{ ms: -1 }, RangeError, /ms must be .*got -1/],
    [{ ms: Number.NaN }, RangeError, /ms must be .*got NaN/],
    [{ ms: 5, timeout: -1 }, RangeError, /timeout must be/],
  ])('refuses wrong options: %j', (options, type, message) => {
    const attempt = () => new SleepTask(options as { ms: number })
    expect(attempt).toThrow(type)
    expect(attempt).toThrow(message)
  })

  it.each([
    { ms: 500 },
    { ms: Number.POSITIVE_INFINITY },
    { ms: 0, name: 'nap', timeout: 100, priority: -3, retry: 2 },
    { ms: 5, retry: { retries: 2, backoff: 'linear', wait: 10, jitter: 'full' } },
  ] as const)('comes back from JSON as it was: %j', options => {
    const task = new SleepTask(options)
    const back = SleepTask.fromJSON(JSON.parse(JSON.stringify(task)))
    expect(back).toBeInstanceOf(SleepTask)
    expect({ ...back }).toEqual({ ...task })
  })
})
