import { describe, expect, it, vi } from 'vitest'
import { ManagerClosedError, TaskCancelledError, type TaskHandle, type TaskRunner } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { delay, failureOf, forever } from '../work.ts'
import { within } from './within.ts'

const TIGHT = { workers: 1, queueSize: 1, submitPolicy: 'wait' } as const

/** One task that runs, one in the queue, and so many that wait. */
async function crowd(runner: TaskRunner, waiting: number): Promise<TaskHandle<unknown>[]> {
  runner.submit(() => delay(10))
  await settle()
  runner.submit(() => delay(10))
  return Array.from({ length: waiting }, () => runner.submit(() => delay(10)))
}

describe('a task cancelled while it waits for a place', () => {
  it('leaves no record behind, and its handle and accepted reject alike', async () => {
    await within(TIGHT, async runner => {
      const [waiting] = await crowd(runner, 1)
      const accepted = failureOf(waiting!.accepted)
      const outcome = failureOf(waiting!)
      expect(await waiting!.cancel('changed my mind')).toBe(true)
      expect(await outcome).toBeInstanceOf(TaskCancelledError)
      expect(await outcome).toMatchObject({ cause: 'changed my mind' })
      expect(await accepted).toBe(await outcome)
      expect(await failureOf(waiting!.accepted)).toBe(await outcome)
      expect(runner.getRecord(waiting!.id)).toBeUndefined()
      expect(runner.records().map(record => record.id)).toEqual([2, 1])
      expect(await runner.cancel(waiting!.id)).toBe(false)
      await expect(runner.wait(waiting!.id)).rejects.toMatchObject({ code: 'ERR_TASK_NOT_FOUND' })
      expect(waiting!.record()).toMatchObject({ status: 'cancelled', cancelReason: 'changed my mind' })
    })
  })

  it('is cancelled by its id as well', async () => {
    await within(TIGHT, async runner => {
      const [waiting] = await crowd(runner, 1)
      expect(await runner.cancel(waiting!.id, 'by id')).toBe(true)
      expect(await failureOf(waiting!.accepted)).toMatchObject({ cause: 'by id' })
      expect(runner.records()).toHaveLength(2)
    })
  })

  it('is no trouble to anybody who never looks: nothing is reported or unhandled', async () => {
    const onError = vi.fn()
    await within({ ...TIGHT, onError }, async runner => {
      const [one, two, three] = await crowd(runner, 3)
      two!.accepted
      three!.accepted.then(undefined, () => {})
      for (const handle of [one, two, three]) handle!.cancel()
      await runner.drain()
      await one!.accepted.catch(() => {})
    })
    expect(onError).not.toHaveBeenCalled()
  })

  it('holds up nobody behind it, and never runs', async () => {
    await within(TIGHT, async runner => {
      runner.submit(() => delay(10))
      await settle()
      runner.submit(() => delay(10))
      const work = vi.fn()
      const first = runner.submit(work, { priority: 5 })
      const second = runner.submit(() => 'second')
      first.cancel()
      expect(await second).toBe('second')
      expect(work).not.toHaveBeenCalled()
    })
  })

  it('after it got its place is a task like any other: its record stays', async () => {
    await within(TIGHT, async runner => {
      const [waiting] = await crowd(runner, 1)
      await waiting!.accepted
      expect(await waiting!.cancel()).toBe(true)
      await waiting!.accepted
      expect(runner.getRecord(waiting!.id)).toMatchObject({ status: 'cancelled' })
      expect(runner.records()).toHaveLength(3)
    })
  })

  it('leaves a right count of the queue', async () => {
    await within(TIGHT, async runner => {
      const [one, two] = await crowd(runner, 2)
      one!.cancel()
      expect(runner.stats()).toMatchObject({ pending: 2, queueSize: 1 })
      two!.cancel()
      expect(runner.stats()).toMatchObject({ pending: 1, queueSize: 1 })
      await runner.drain()
      const [three] = await crowd(runner, 1)
      expect(runner.stats()).toMatchObject({ pending: 2, queueSize: 1 })
      await three
    })
  })
})

describe('what else ends the wait for a place', () => {
  it('the deadline, which counts from the submission', async () => {
    await within({ ...TIGHT, workers: 1 }, async runner => {
      runner.submit(() => delay(1_000))
      await settle()
      runner.submit(() => delay(1_000))
      const late = runner.submit(() => 1, { deadline: 30 })
      const accepted = failureOf(late.accepted)
      expect(await failureOf(late)).toMatchObject({ code: 'ERR_TASK_TIMEOUT', limit: 30 })
      expect(await accepted).toBe(late.exception())
      expect(performance.now()).toBe(30)
      expect(runner.records()).toHaveLength(2)
    })
  })

  it('the deadline, which a caller that awaits accepted has then heard of: it is not reported as well', async () => {
    const onError = vi.fn()
    await within({ ...TIGHT, onError }, async runner => {
      runner.submit(() => delay(1_000))
      await settle()
      runner.submit(() => delay(1_000))
      const heard = runner.submit(() => 1, { deadline: 30 })
      expect(await failureOf(heard.accepted)).toMatchObject({ code: 'ERR_TASK_TIMEOUT' })
      const unheard = runner.submit(() => 1, { deadline: 30 })
      await runner.drain()
      expect(onError.mock.calls).toEqual([[unheard.exception(), expect.objectContaining({ id: unheard.id })]])
    })
  })

  it('not the timeout, which counts from the start', async () => {
    await within(TIGHT, async runner => {
      const [waiting] = await crowd(runner, 1)
      const limited = runner.submit(() => delay(4, 'in time'), { timeout: 5 })
      await waiting
      expect(await limited).toBe('in time')
    })
  })

  it('its signal', async () => {
    await within(TIGHT, async runner => {
      await crowd(runner, 0)
      const controller = new AbortController()
      const waiting = runner.submit(() => 1, { signal: controller.signal })
      const accepted = failureOf(waiting.accepted)
      controller.abort('stop it')
      expect(await failureOf(waiting)).toMatchObject({ code: 'ERR_TASK_CANCELLED', cause: 'stop it' })
      expect(await accepted).toBe(waiting.exception())
      expect(runner.records()).toHaveLength(2)
    })
  })

  it('a signal that was aborted before', async () => {
    await within(TIGHT, async runner => {
      await crowd(runner, 0)
      const waiting = runner.submit(() => 1, { signal: AbortSignal.abort('never') })
      expect(waiting.status).toBe('cancelled')
      expect(await failureOf(waiting.accepted)).toMatchObject({ cause: 'never' })
      expect(runner.records()).toHaveLength(2)
      expect(runner.stats()).toMatchObject({ pending: 1, queueSize: 1 })
    })
  })
})

describe('closing while tasks wait for a place', () => {
  it('lets them run within the timeout', async () => {
    await within(TIGHT, async runner => {
      const waiting = await crowd(runner, 5)
      expect(await runner.close()).toMatchObject({ done: 7, cancelled: 0, neverStarted: [] })
      await Promise.all(waiting.map(handle => handle.accepted))
    })
  })

  it('cancels them at the deadline, and lists them as never started', async () => {
    await within(TIGHT, async runner => {
      const waiting = await crowd(runner, 5)
      const accepted = waiting.map(handle =>
        handle.accepted.then(
          () => 'in',
          failure => failure,
        ),
      )
      const report = await runner.close({ timeout: 15 })
      expect(report).toMatchObject({ done: 1, cancelled: 6 })
      expect(report.neverStarted.map(record => record.id)).toEqual([3, 4, 5, 6, 7])
      const [first, ...others] = await Promise.all(accepted)
      expect(first).toBe('in')
      expect(others).toEqual(waiting.slice(1).map(handle => handle.exception()))
      expect(others[0]).toMatchObject({ cause: expect.any(ManagerClosedError) })
      expect(runner.records().map(record => record.id)).toEqual([3, 2, 1])
    })
  })

  it.each([
    ['shutdown', (runner: TaskRunner) => runner.shutdown()],
    ['close with pending: cancel', (runner: TaskRunner) => runner.close({ pending: 'cancel' })],
    ['cancelAll', (runner: TaskRunner) => runner.manager.cancelAll()],
  ])('by %s lets none of them into the places that this frees', async (_, stop) => {
    await within(TIGHT, async runner => {
      const waiting = await crowd(runner, 5)
      const accepted = waiting.map(handle => failureOf(handle.accepted))
      const stopping = stop(runner)
      expect(waiting.map(handle => handle.status)).toEqual(waiting.map(() => 'cancelled'))
      expect(await Promise.all(accepted)).toEqual(waiting.map(handle => handle.exception()))
      await stopping
      expect(runner.records().map(record => record.id)).toEqual([2, 1])
    })
  })

  it('by failFast lets none of them in either', async () => {
    await within({ ...TIGHT, failFast: true }, async runner => {
      runner.submit(() => Promise.reject('the first'))
      const queued = runner.submit(forever)
      const waiting = runner.submit(forever)
      expect(await failureOf(waiting.accepted)).toMatchObject({ cause: 'the first' })
      expect(await failureOf(queued)).toMatchObject({ cause: 'the first' })
      const later = runner.submit(forever)
      expect(await failureOf(later)).toMatchObject({ cause: 'the first' })
      await failureOf(runner.drain())
    })
  })
})

describe('50,000 tasks that wait for a place', () => {
  it('are cancelled in any order, and all that are left get in', async () => {
    await within({ ...TIGHT, history: 100 }, async runner => {
      const ran: number[] = []
      runner.submit(() => delay(10))
      await settle()
      runner.submit(() => delay(10))
      const handles = Array.from({ length: 50_000 }, (_, n) =>
        runner.submit(() => void ran.push(n), { priority: n % 3 }),
      )
      // A permutation, since 7919 is a prime.
      const order = handles.map((_, n) => handles[(n * 7_919) % handles.length]!)
      const kept = new Set(order.slice(0, 10))
      for (const handle of order.slice(10)) handle.cancel()
      expect(runner.stats()).toMatchObject({ pending: 11, queueSize: 1, cancelled: 49_990 })
      await runner.drain()
      const left = handles.flatMap((handle, n) => (kept.has(handle) ? [n] : []))
      expect(ran).toEqual(left.sort((a, b) => (b % 3) - (a % 3) || a - b))
      expect(runner.records()).toHaveLength(12)
    })
  })

  it('are cancelled by a shutdown', async () => {
    await within(TIGHT, async runner => {
      runner.submit(forever)
      for (let n = 0; n < 50_000; n += 1) runner.submit(forever)
      const report = await runner.shutdown()
      expect(report).toMatchObject({ cancelled: 50_001 })
      expect(runner.stats()).toMatchObject({ pending: 0, queueSize: 0 })
    })
  })
})
