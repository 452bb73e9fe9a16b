import { describe, expect, it, vi } from 'vitest'
import { QueueFullError, type SubmitPolicy, type TaskHandle, TaskRunner } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { delay, failureOf, forever } from '../work.ts'
import { within } from './within.ts'

const DROPPING = ['dropOldest', 'dropNewest'] as const satisfies SubmitPolicy[]

/** One task that runs and two that are pending. */
async function full(runner: TaskRunner): Promise<TaskHandle<unknown>[]> {
  const running = runner.submit(() => delay(10, 'ran'), { name: 'running' })
  await settle()
  return [running, runner.submit(() => 'older', { name: 'older' }), runner.submit(() => 'newer', { name: 'newer' })]
}

describe('dropOldest', () => {
  it('cancels the pending task that was submitted first', async () => {
    await within({ workers: 1, queueSize: 2, submitPolicy: 'dropOldest' }, async runner => {
      const [running, older, newer] = await full(runner)
      const latest = runner.submit(() => 'latest')
      expect(older?.status).toBe('cancelled')
      expect(await Promise.all([running, newer, latest])).toEqual(['ran', 'newer', 'latest'])
      expect(runner.stats()).toMatchObject({ submitted: 4, dropped: 1, rejected: 0, cancelled: 1, done: 3 })
    })
  })

  it('goes by submission, not by priority', async () => {
    await within({ workers: 1, queueSize: 2, submitPolicy: 'dropOldest' }, async runner => {
      runner.submit(() => delay(10))
      await settle()
      const urgent = runner.submit(() => 1, { priority: 10 })
      const idle = runner.submit(() => 1, { priority: -10 })
      runner.submit(() => 1, { priority: -20 })
      expect([urgent.status, idle.status]).toEqual(['cancelled', 'pending'])
      await runner.drain()
    })
  })
})

describe('dropNewest', () => {
  it('cancels the pending task that was submitted last, and takes the new one', async () => {
    await within({ workers: 1, queueSize: 2, submitPolicy: 'dropNewest' }, async runner => {
      const [running, older, newer] = await full(runner)
      const latest = runner.submit(() => 'latest')
      expect(newer?.status).toBe('cancelled')
      expect(await Promise.all([running, older, latest])).toEqual(['ran', 'older', 'latest'])
      expect(runner.stats()).toMatchObject({ submitted: 4, dropped: 1, rejected: 0, cancelled: 1, done: 3 })
    })
  })

  it('keeps the queue as it is but for its end', async () => {
    await within({ workers: 1, queueSize: 2, submitPolicy: 'dropNewest' }, async runner => {
      await full(runner)
      for (let n = 0; n < 10; n += 1) runner.submit(() => n, { name: `${n}` })
      expect(runner.records({ status: 'pending' }).map(record => record.name)).toEqual(['9', 'older'])
      await runner.drain()
      expect(runner.records({ status: 'done' }).map(record => record.name)).toEqual(['9', 'older', 'running'])
      expect(runner.stats().dropped).toBe(10)
    })
  })
})

describe.each(DROPPING)('%s', submitPolicy => {
  it('settles the handle of what goes, with the reason, and keeps its record', async () => {
    await within({ workers: 1, queueSize: 1, submitPolicy, name: 'desk' }, async runner => {
      const work = vi.fn()
      const cancelled = vi.fn()
      runner.on('cancelled', event => cancelled(event.record.id))
      runner.submit(() => delay(10))
      await settle()
      const victim = runner.submit(work)
      runner.submit(() => 1)
      const error = await failureOf(victim)
      expect(error).toMatchObject({ code: 'ERR_TASK_CANCELLED', cause: expect.any(QueueFullError) })
      expect((error as Error).message).toBe(
        'task 2 was cancelled: desk has 1 tasks pending, its queueSize: dropped to make room for a newer task',
      )
      expect(runner.getRecord(victim.id)).toMatchObject({
        status: 'cancelled',
        attempt: 0,
        cancelReason: { code: 'ERR_QUEUE_FULL' },
      })
      await runner.drain()
      expect(cancelled.mock.calls).toEqual([[victim.id]])
      expect(work).not.toHaveBeenCalled()
    })
  })

  it('never touches what runs', async () => {
    await within({ workers: 2, queueSize: 1, submitPolicy }, async runner => {
      const running = [runner.submit(() => delay(10, 1)), runner.submit(() => delay(10, 2))]
      await settle()
      for (let n = 0; n < 20; n += 1) runner.submit(() => n)
      expect(await Promise.all(running)).toEqual([1, 2])
      expect(runner.stats()).toMatchObject({ dropped: 19, cancelled: 19 })
      await runner.drain()
    })
  })

  it('rejects when there is nothing to drop, with a queueSize of 0', async () => {
    await within({ workers: 1, queueSize: 0, submitPolicy }, async runner => {
      const running = runner.submit(() => delay(10, 'ran'))
      await settle()
      expect(() => runner.submit(() => 1)).toThrow(QueueFullError)
      expect(runner.stats()).toMatchObject({ dropped: 0, rejected: 1, submitted: 1 })
      expect(runner.records()).toHaveLength(1)
      expect(await running).toBe('ran')
    })
  })

  it('drops one that waits for another attempt, which is then over', async () => {
    const elapsed = await within({ workers: 1, queueSize: 0, submitPolicy }, async runner => {
      const work = vi.fn(() => Promise.reject('no'))
      const flaky = runner.submit(work, { retry: { retries: 9, wait: 1_000 } })
      await settle()
      const busy = runner.submit(() => delay(10))
      expect(await failureOf(flaky)).toMatchObject({ code: 'ERR_TASK_CANCELLED' })
      await busy
      await runner.drain()
      expect(work).toHaveBeenCalledOnce()
    })
    expect(elapsed).toBe(10)
  })

  it('drops nothing for a task that is refused', async () => {
    await within({ workers: 1, queueSize: 1, submitPolicy }, async runner => {
      runner.submit(() => delay(10))
      await settle()
      const queued = runner.submit(() => 'kept')
      expect(() => runner.submit(() => 1, { timeout: -1 })).toThrow(RangeError)
      expect(() => runner.submit(5 as never)).toThrow(TypeError)
      const closing = runner.close()
      expect(() => runner.submit(() => 1)).toThrow('is closed')
      expect(await queued).toBe('kept')
      expect(runner.stats().dropped).toBe(0)
      await closing
    })
  })

  it('resolves accepted of what it drops, since the queue had taken it', async () => {
    await within({ workers: 1, queueSize: 1, submitPolicy }, async runner => {
      runner.submit(forever)
      await settle()
      const victim = runner.submit(forever)
      const latest = runner.submit(forever)
      expect(await Promise.all([victim.accepted, latest.accepted])).toEqual([undefined, undefined])
      expect(victim.status).toBe('cancelled')
      await runner.shutdown()
    })
  })

  it('goes through a queue of 10,000 tasks 10,000 times', async () => {
    const runner = await TaskRunner.start({ workers: 1, queueSize: 10_000, submitPolicy, history: 10 })
    const work = vi.fn()
    for (let n = 0; n < 20_001; n += 1) runner.submit(work)
    expect(runner.stats()).toMatchObject({ dropped: 10_000, queueSize: 10_001 })
    await runner.drain()
    expect(work).toHaveBeenCalledTimes(10_001)
  })
})
