import { describe, expect, it } from 'vitest'
import {
  BaseTask,
  gather,
  HashTask,
  QueueFullError,
  SleepTask,
  TaskNotFinishedError,
  TaskRunner,
  TaskTimeoutError,
} from '../../src/index.ts'
import { settle } from '../harness.ts'
import { within } from '../runner/within.ts'
import { delay, failureOf, forever, untilAborted } from '../work.ts'

const HASH_OF_ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'

describe('system B, the Async Task Runner', () => {
  it('starts, takes a task, waits for it, and shows its record and the stats', async () => {
    await within({ workers: 5, queueSize: 10 }, async runner => {
      const handle = runner.submit(new SleepTask({ ms: 50 }))
      expect(runner.getRecord(handle.id)).toMatchObject({ id: 1, type: 'sleep', status: 'pending' })
      expect(await runner.wait(handle.id)).toBe('slept for 50 ms')
      expect(runner.getRecord(handle.id)).toMatchObject({ status: 'done', result: 'slept for 50 ms' })
      const { queueSize, running, pending, done, failed, cancelled } = runner.stats()
      expect({ queueSize, running, pending, done, failed, cancelled }).toEqual({
        queueSize: 0,
        running: 0,
        pending: 0,
        done: 1,
        failed: 0,
        cancelled: 0,
      })
      expect(await runner.shutdown()).toMatchObject({ done: 1 })
    })
  })

  it('has tasks of one’s own, with a type, a name and a timeout', async () => {
    class Mail extends BaseTask<string> {
      readonly type = 'mail'
      override readonly name = 'newsletter'
      override readonly timeout = 20
      async run() {
        await delay(30)
        return 'sent'
      }
    }
    await within({}, async runner => {
      const handle = runner.submit(new Mail())
      expect(await failureOf(handle)).toBeInstanceOf(TaskTimeoutError)
      expect(handle.record()).toMatchObject({ type: 'mail', name: 'newsletter', status: 'failed' })
    })
  })

  it('counts the timeout from the start of execution, and the record says failed with the timeout', async () => {
    await within({ workers: 1 }, async runner => {
      runner.submit(new SleepTask({ ms: 500 }))
      const inTime = runner.submit(new SleepTask({ ms: 90, timeout: 100 }))
      const late = runner.submit(new SleepTask({ ms: 500, timeout: 100 }))
      expect(await inTime).toBe('slept for 90 ms')
      expect(await failureOf(late)).toMatchObject({ code: 'ERR_TASK_TIMEOUT', limit: 100 })
      expect(late.record()).toMatchObject({ status: 'failed', error: { code: 'ERR_TASK_TIMEOUT' } })
      expect(performance.now()).toBe(690)
    })
  })

  it('hashes off the event loop, which stays free meanwhile', async () => {
    const runner = await TaskRunner.start()
    const handle = runner.submit(new HashTask({ text: 'x'.repeat(20_000_000) }))
    let turns = 0
    while (!handle.done()) {
      await settle()
      turns += 1
    }
    expect(turns).toBeGreaterThan(1)
    expect(await handle).toMatch(/^[0-9a-f]{64}$/)
    expect(await runner.submit(new HashTask({ text: 'abc' }))).toBe(HASH_OF_ABC)
  })

  it('rejects or waits when the queue is full', async () => {
    await within({ workers: 1, queueSize: 1, submitPolicy: 'reject' }, async runner => {
      runner.submit(new SleepTask({ ms: 10 }))
      runner.submit(new SleepTask({ ms: 10 }))
      expect(() => runner.submit(new SleepTask({ ms: 10 }))).toThrow(QueueFullError)
    })
    await within({ workers: 1, queueSize: 1, submitPolicy: 'wait' }, async runner => {
      for (let n = 0; n < 5; n += 1) await runner.submit(new SleepTask({ ms: 10 })).accepted
      expect(performance.now()).toBe(30)
      await runner.drain()
    })
  })

  // In real time: a hash that is computed on another thread does not wait for a virtual clock.
  it('runs its demo: 10 sleeps of which some time out and 10 hashes, with 5 workers and a queue of 10', async () => {
    const runner = await TaskRunner.start({ workers: 5, queueSize: 10, submitPolicy: 'wait' })
    const sleepTask = (n: number) =>
      n % 4 === 0 ? new SleepTask({ ms: n }) : new SleepTask({ ms: Number.POSITIVE_INFINITY, timeout: 50 })
    const handles = []
    for (let n = 0; n < 20; n += 1) {
      const handle = runner.submit(n % 2 === 0 ? sleepTask(n) : new HashTask({ text: 'abc' }))
      await handle.accepted
      // Those that may start at once are on their way through the queue.
      expect(runner.stats().queueSize).toBeLessThanOrEqual(10 + 5)
      handles.push(handle)
    }
    const results = await gather(handles, { returnExceptions: true })
    const timeouts = handles.map(handle => handle.exception() instanceof TaskTimeoutError)
    expect(timeouts).toEqual(handles.map((_, n) => n % 4 === 2))
    expect(results.filter((_, n) => n % 4 === 0)).toEqual([0, 4, 8, 12, 16].map(ms => `slept for ${ms} ms`))
    expect(results.filter((_, n) => n % 2 === 1)).toEqual(Array(10).fill(HASH_OF_ABC))
    expect(results[2]).toBe(handles[2]?.exception())
    expect(runner.stats()).toMatchObject({ done: 15, failed: 5, rejected: 0 })
    expect(runner.records({ type: 'hash', status: 'done' })).toHaveLength(10)
    expect(runner.records({ type: 'sleep', status: 'failed' })).toHaveLength(5)
  })

  it('has done, result, exception and status on the handle', async () => {
    await within({}, async runner => {
      const handle = runner.submit(new SleepTask({ ms: 5 }))
      expect([handle.done(), handle.status]).toEqual([false, 'pending'])
      expect(() => handle.result()).toThrow(TaskNotFinishedError)
      expect(() => handle.exception()).toThrow(TaskNotFinishedError)
      await handle
      expect([handle.done(), handle.status]).toEqual([true, 'done'])
      expect([handle.result(), handle.exception()]).toEqual(['slept for 5 ms', undefined])
    })
  })

  it('waits with a timeout, and the task goes on', async () => {
    await within({}, async runner => {
      const handle = runner.submit(new SleepTask({ ms: 100 }))
      expect(await failureOf(handle.wait({ timeout: 10 }))).toBeInstanceOf(TaskTimeoutError)
      expect(handle.status).toBe('running')
      expect(await handle).toBe('slept for 100 ms')
    })
  })

  it('has hooks for what happens, and metrics', async () => {
    await within({ workers: 1 }, async runner => {
      const seen: string[] = []
      for (const type of ['submitted', 'started', 'done', 'failed', 'cancelled'] as const) {
        runner.on(type, ({ record }) => seen.push(`${type} ${record.id}`))
      }
      runner.submit(new SleepTask({ ms: 10 }))
      runner.submit(new SleepTask({ ms: 30 }))
      await runner.drain()
      await settle()
      expect(seen).toEqual(['submitted 1', 'submitted 2', 'started 1', 'done 1', 'started 2', 'done 2'])
      expect(runner.stats()).toMatchObject({ runTime: { count: 2, mean: 20, max: 30 }, waitTime: { max: 10 } })
    })
  })
})

describe('system B must not', () => {
  it('run a pending task that was cancelled', async () => {
    await within({ workers: 1 }, async runner => {
      const ran: string[] = []
      runner.submit(new SleepTask({ ms: 10 }))
      const victim = runner.submit(() => void ran.push('victim'))
      runner.submit(() => void ran.push('other'))
      expect(await victim.cancel()).toBe(true)
      await runner.drain()
      expect(ran).toEqual(['other'])
      expect(runner.getRecord(victim.id)).toMatchObject({ status: 'cancelled', attempt: 0 })
    })
  })

  it('lose its only worker when a running task is cancelled', async () => {
    await within({ workers: 1 }, async runner => {
      for (let n = 0; n < 3; n += 1) {
        const running = runner.submit(new SleepTask({ ms: 1_000 }))
        const next = runner.submit(() => `after cancel ${n}`)
        await settle()
        expect(await running.cancel()).toBe(true)
        expect(await next).toBe(`after cancel ${n}`)
      }
      expect(runner.stats()).toMatchObject({ done: 3, cancelled: 3, running: 0, maxTasks: 1 })
    })
  })

  it('leave queued handles hanging after a shutdown', async () => {
    await within({ workers: 1, queueSize: 2, submitPolicy: 'wait' }, async runner => {
      const handles = [forever, forever, forever, forever, forever].map(work => runner.submit(work))
      await settle()
      const outcomes = Promise.all(handles.map(failureOf))
      await runner.shutdown()
      expect(handles.every(handle => handle.done())).toBe(true)
      expect(await outcomes).toMatchObject(handles.map(() => ({ code: 'ERR_TASK_CANCELLED' })))
    })
  })

  it('fail when a handle is awaited twice', async () => {
    await within({}, async runner => {
      const value = { some: 'result' }
      const good = runner.submit(() => delay(5, value))
      const bad = runner.submit(() => Promise.reject(value))
      expect(await Promise.all([good, good])).toEqual([value, value])
      expect(await good).toBe(value)
      expect([await failureOf(bad), await failureOf(bad)].every(error => error === value)).toBe(true)
      expect(await Promise.all([runner.wait(good.id), good])).toEqual([value, value])
    })
  })

  it('lose the type of an error', async () => {
    class PaymentError extends Error {
      readonly amount = 5
    }
    await within({}, async runner => {
      const error = new PaymentError('declined')
      const handle = runner.submit(() => Promise.reject(error))
      expect(await failureOf(handle)).toBe(error)
      expect(await failureOf(runner.wait(handle.id))).toBe(error)
      expect(handle.exception()).toBe(error)
      expect(handle.record().error).toBe(error)
      expect(runner.getRecord(handle.id)?.error).toBeInstanceOf(PaymentError)
    })
  })

  it('keep the record of a submitter that was cancelled while it waited for a place', async () => {
    await within({ workers: 1, queueSize: 1, submitPolicy: 'wait' }, async runner => {
      runner.submit(({ signal }) => untilAborted(signal))
      await settle()
      runner.submit(forever)
      for (let n = 0; n < 100; n += 1) {
        const blocked = runner.submit(forever)
        expect(runner.getRecord(blocked.id)?.status).toBe('pending')
        await blocked.cancel()
        expect(runner.getRecord(blocked.id)).toBeUndefined()
      }
      expect(runner.records().map(record => record.id)).toEqual([2, 1])
      expect(runner.stats()).toMatchObject({ pending: 1, running: 1, queueSize: 1 })
      await runner.shutdown()
    })
  })
})
