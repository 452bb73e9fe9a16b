import { describe, expect, it, vi } from 'vitest'
import { QueueFullError, SleepTask, TaskRunner } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { delay, failureOf, forever } from '../work.ts'
import { within } from './within.ts'

describe('a full queue that rejects', () => {
  it('throws QueueFullError from submit and leaves nothing behind', async () => {
    await within({ workers: 1, queueSize: 2, name: 'desk' }, async runner => {
      const events = vi.fn()
      const running = runner.submit(() => delay(10))
      await settle()
      const queued = [runner.submit(() => 1), runner.submit(() => 2)]
      await settle()
      runner.on('submitted', events)
      runner.on('cancelled', events)
      const before = { records: runner.records(), stats: runner.stats() }
      const work = vi.fn()
      expect(() => runner.submit(work)).toThrow(QueueFullError)
      expect(() => runner.submit(new SleepTask({ ms: 1 }))).toThrow('desk has 2 tasks pending, its queueSize: ')
      await settle()
      expect(events).not.toHaveBeenCalled()
      expect(runner.records()).toEqual(before.records)
      expect(runner.stats()).toEqual({ ...before.stats, rejected: 2 })
      expect(await Promise.all([running, ...queued])).toEqual([undefined, 1, 2])
      expect(work).not.toHaveBeenCalled()
      expect(runner.submit(() => 1).id).toBe(4)
    })
  })

  it('takes again when one has started, and when one is cancelled', async () => {
    await within({ workers: 1, queueSize: 1 }, async runner => {
      runner.submit(() => delay(10))
      await settle()
      const queued = runner.submit(() => delay(10))
      expect(() => runner.submit(() => 1)).toThrow(QueueFullError)
      queued.cancel()
      const next = runner.submit(() => 'next')
      expect(() => runner.submit(() => 1)).toThrow(QueueFullError)
      await delay(10)
      await settle()
      expect(await next).toBe('next')
      expect(runner.stats()).toMatchObject({ rejected: 2, submitted: 3, cancelled: 1, done: 2 })
    })
  })

  it('counts neither wrong tasks nor those that come after the close as rejected', async () => {
    await within({ workers: 1, queueSize: 0 }, async runner => {
      runner.submit(() => 1)
      expect(() => runner.submit('no' as never)).toThrow(TypeError)
      expect(() => runner.submit(() => 1, { timeout: -1 })).toThrow(RangeError)
      await runner.close()
      expect(() => runner.submit(() => 1)).toThrow('is closed')
      expect(runner.stats().rejected).toBe(0)
    })
  })

  it('resolves accepted of what it took at once, whatever becomes of it', async () => {
    await within({ workers: 1 }, async runner => {
      runner.submit(forever)
      const queued = runner.submit(() => 1)
      queued.cancel()
      expect(await queued.accepted).toBeUndefined()
      expect(await failureOf(queued)).toMatchObject({ code: 'ERR_TASK_CANCELLED' })
    })
  })
})

describe('queueSize', () => {
  it('of 0 takes only what can start now', async () => {
    await within({ workers: 2, queueSize: 0 }, async runner => {
      runner.submit(() => delay(10))
      runner.submit(() => delay(20))
      expect(() => runner.submit(() => 1)).toThrow(QueueFullError)
      await settle()
      expect(() => runner.submit(() => 1)).toThrow(QueueFullError)
      await delay(10)
      expect(await runner.submit(() => 'room')).toBe('room')
    })
  })

  it('of 1 takes one more', async () => {
    await within({ workers: 1, queueSize: 1 }, async runner => {
      runner.submit(() => delay(10))
      runner.submit(() => delay(10))
      expect(() => runner.submit(() => 1)).toThrow(QueueFullError)
    })
  })

  it('of Infinity takes everything', async () => {
    const runner = await TaskRunner.start({ workers: 1, queueSize: Number.POSITIVE_INFINITY })
    for (let n = 0; n < 100_000; n += 1) runner.submit(() => n)
    expect(runner.stats()).toMatchObject({ queueSize: 100_000, submitted: 100_000, rejected: 0 })
    await runner.drain()
    expect(runner.stats()).toMatchObject({ queueSize: 0, done: 100_000 })
  })

  it('counts tasks that wait for another attempt', async () => {
    await within({ workers: 1, queueSize: 1 }, async runner => {
      const flaky = runner.submit(({ attempt }) => attempt > 1 || Promise.reject('no'), {
        retry: { retries: 1, wait: 50 },
      })
      await settle()
      expect(flaky.record()).toMatchObject({ status: 'pending', attempt: 1 })
      expect(runner.stats().queueSize).toBe(1)
      runner.submit(() => 'takes the free worker')
      expect(() => runner.submit(() => 1)).toThrow(QueueFullError)
      expect(await flaky).toBe(true)
    })
  })

  it('does not count free workers of a paused runner', async () => {
    await within({ workers: 5, queueSize: 1, autoStart: false }, async runner => {
      const first = runner.submit(() => 1)
      expect(() => runner.submit(() => 2)).toThrow(QueueFullError)
      runner.manager.resume()
      expect(await first).toBe(1)
    })
  })

  it('holds for what is spawned on the manager too', async () => {
    await within({ workers: 1, queueSize: 1 }, async runner => {
      runner.manager.spawn(() => delay(10))
      const queued = runner.manager.spawn(() => 1, { type: 'by hand' })
      expect(() => runner.manager.spawn(() => 2)).toThrow(QueueFullError)
      expect(() => runner.submit(() => 2)).toThrow(QueueFullError)
      expect(runner.getRecord(queued.id)).toMatchObject({ type: 'by hand' })
      await queued
      expect(runner.records({ type: 'by hand' })).toMatchObject([{ id: queued.id, result: 1 }])
    })
  })
})
