import { describe, expect, it } from 'vitest'
import { ManagerClosedError, SleepTask, TaskRunner } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { delay, failureOf, forever, listening, untilAborted } from '../work.ts'
import { within } from './within.ts'

const EMPTY = { done: 0, failed: 0, cancelled: 0, neverStarted: [], abandoned: [] }

describe('close', () => {
  it('of an idle runner reports at once', async () => {
    const runner = await TaskRunner.start()
    expect(await runner.close()).toEqual(EMPTY)
    expect(runner.stats().closed).toBe(true)
  })

  it('lets pending and running work end', async () => {
    const elapsed = await within({ workers: 1 }, async runner => {
      const handles = [1, 2, 3].map(() => runner.submit(new SleepTask({ ms: 100 })))
      expect(await runner.close()).toEqual({ ...EMPTY, done: 3 })
      expect(handles.every(handle => handle.done())).toBe(true)
    })
    expect(elapsed).toBe(300)
  })

  it('cancels at its deadline what is left, and every handle settles', async () => {
    const elapsed = await within({ workers: 1, closeTimeout: 150, cleanupTimeout: 30 }, async runner => {
      const handles = [
        runner.submit(() => delay(100, 'in time')),
        runner.submit(task => listening(task, forever), { name: 'stubborn' }),
        runner.submit(forever, { name: 'late' }),
      ]
      const settled = Promise.allSettled(handles)
      const report = await runner.close()
      expect(report).toMatchObject({ done: 1, failed: 0, cancelled: 2 })
      expect(report.neverStarted).toMatchObject([{ name: 'late', status: 'cancelled', attempt: 0 }])
      expect(report.abandoned).toMatchObject([{ name: 'stubborn', abandoned: true }])
      expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
      expect(handles[2]?.exception()).toMatchObject({ cause: expect.any(ManagerClosedError) })
    })
    expect(elapsed).toBe(180)
  })

  it('takes a timeout and what is to become of pending tasks', async () => {
    const elapsed = await within({ workers: 1 }, async runner => {
      runner.submit(({ signal }) => untilAborted(signal))
      const pending = runner.submit(forever)
      await settle()
      const closing = runner.close({ timeout: 40, pending: 'cancel' })
      expect(pending.status).toBe('cancelled')
      expect(await closing).toMatchObject({ cancelled: 2, neverStarted: [{ id: pending.id }] })
    })
    expect(elapsed).toBe(40)
  })

  it('a second time joins the first, and can only make it sooner', async () => {
    const elapsed = await within({ closeTimeout: 5_000 }, async runner => {
      runner.submit(({ signal }) => untilAborted(signal))
      const first = runner.close()
      await delay(100)
      const second = runner.close({ timeout: 50 })
      const third = runner.close({ timeout: 90_000 })
      expect(await second).toEqual(await first)
      expect(await third).toEqual(await first)
      expect(await runner.close()).toEqual(await first)
      expect(await runner.shutdown()).toEqual(await first)
    })
    expect(elapsed).toBe(150)
  })

  it('inside a task starts closing, and awaiting it there does not deadlock', async () => {
    const elapsed = await within({}, async runner => {
      const handle = runner.submit(async () => (await runner.close()).done)
      runner.submit(() => delay(80))
      expect(await handle).toBe(1)
      expect(() => runner.submit(() => 1)).toThrow(ManagerClosedError)
      expect(await runner.close()).toMatchObject({ done: 2 })
    })
    expect(elapsed).toBe(80)
  })

  it('inside a task of an operation does not deadlock either', async () => {
    await within({}, async runner => {
      const handle = runner.submit(function* () {
        runner.close({ timeout: 10 })
        return 'ended'
      })
      expect(await handle).toBe('ended')
      expect(await runner.close()).toMatchObject({ done: 1 })
    })
  })

  it('ends pauses', async () => {
    await within({ autoStart: false }, async runner => {
      runner.submit(() => 1)
      expect(await runner.close()).toMatchObject({ done: 1 })
    })
  })

  it('closes the manager as well, and by the manager the runner', async () => {
    const [one, two] = await Promise.all([TaskRunner.start(), TaskRunner.start()])
    await one.close()
    expect(() => one.manager.spawn(() => 1)).toThrow(ManagerClosedError)
    const events = two.events()
    await two.manager.close()
    expect(() => two.submit(() => 1)).toThrow(ManagerClosedError)
    expect((await events.next()).value).toMatchObject({ type: 'closed' })
    expect(two.stats().closed).toBe(true)
  })

  it.each([
    [{ timeout: -1 }, RangeError, /timeout must be .*got -1/],
    [{ timeout: '1' }, TypeError, /timeout must be .*got "1"/],
    [{ pending: 'kill' }, RangeError, /pending must be one of 'run', 'cancel', 'keep', got "kill"/],
    [{ pending: true }, TypeError, /pending must be one of/],
    [{ pending: 'keep' }, RangeError, /pending can be 'keep' only with a store/],
    [5, TypeError, /options must be an object, got 5/],
    [null, TypeError, /options must be an object, got null/],
  ])('refuses wrong options and closes nothing: %j', async (options, type, message) => {
    const runner = await TaskRunner.start()
    for (const attempt of [() => runner.close(options as object), () => runner.shutdown(options as object)]) {
      expect(attempt).toThrow(type)
      expect(attempt).toThrow(message)
    }
    expect(runner.stats().closed).toBe(false)
    expect(await runner.submit(() => 1)).toBe(1)
  })
})

describe('shutdown', () => {
  it('cancels everything at once and waits until it has stopped', async () => {
    const elapsed = await within({ workers: 1 }, async runner => {
      const running = runner.submit(({ signal }) => untilAborted(signal, 25))
      const pending = [runner.submit(forever), runner.submit(new SleepTask({ ms: 5 }))]
      await settle()
      const closing = runner.shutdown()
      expect(pending.map(handle => handle.status)).toEqual(['cancelled', 'cancelled'])
      expect(running.status).not.toBe('cancelled')
      expect(await closing).toMatchObject({ cancelled: 3, neverStarted: [{ id: 2 }, { id: 3 }], abandoned: [] })
    })
    expect(elapsed).toBe(25)
  })

  it('takes options, and what is undefined is as if not given', async () => {
    const elapsed = await within({}, async runner => {
      runner.submit(new SleepTask({ ms: 100 }))
      await settle()
      expect(await runner.shutdown({ timeout: 200 })).toMatchObject({ done: 1 })
    })
    expect(elapsed).toBe(100)
    const short = await within({ workers: 1 }, async runner => {
      for (let n = 0; n < 2; n += 1) runner.submit(new SleepTask({ ms: 100 }))
      await settle()
      const report = await runner.shutdown({ timeout: undefined, pending: undefined } as unknown as object)
      expect(report).toMatchObject({ done: 0, cancelled: 2 })
    })
    expect(short).toBe(0)
  })

  it('makes a close sooner', async () => {
    const elapsed = await within({}, async runner => {
      const handle = runner.submit(new SleepTask({ ms: 1_000 }))
      const closing = runner.close()
      await delay(10)
      runner.shutdown()
      expect(await closing).toMatchObject({ cancelled: 1 })
      expect(await failureOf(handle)).toMatchObject({ code: 'ERR_TASK_CANCELLED' })
    })
    expect(elapsed).toBe(10)
  })
})
