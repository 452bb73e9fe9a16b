import { describe, expect, it } from 'vitest'
import { TaskCancelledError, TaskTimeoutError } from '../../../src/index.ts'
import { withConfig } from '../../../src/worker.ts'
import {
  forever,
  gate,
  hold,
  holdAndFail,
  holdAndReturn,
  hotLoop,
  note,
  same,
  square,
} from '../../fixtures/worker/mode-functions.ts'
import { until } from '../../harness.ts'
import { failureOf } from '../../work.ts'
import { type Mode, submitWith, untilRunning } from './mode.ts'

/** Cancelling, timeouts and deadlines. */
export function describeStopping(mode: Mode): void {
  describe('a cancel', () => {
    it('of a pending call means it never runs', async () => {
      const [open, notes] = [mode.file(), mode.file()]
      const running = mode.single.submit(gate, open.path, 'first')
      const pending = mode.single.submit(note, notes.path, 'ran')
      const third = mode.single.submit(square, 3)
      await untilRunning(running)
      expect(pending.status).toBe('pending')
      expect(await pending.cancel('no more')).toBe(true)
      const error = await failureOf(pending)
      expect(error).toBeInstanceOf(TaskCancelledError)
      expect(error).toMatchObject({ code: 'ERR_TASK_CANCELLED', cause: 'no more' })
      open.open()
      expect(await running).toBe('first')
      expect(await third).toBe(9)
      expect(notes.lines()).toEqual([])
    })

    it('of a running call fires its signal, and waits for its cleanup', async () => {
      const notes = mode.file()
      const handle = mode.single.submit(hold, notes.path)
      await untilRunning(handle)
      const reason = new RangeError('enough')
      expect(await handle.cancel(reason)).toBe(true)
      expect(notes.lines()).toEqual(['cleaned up'])
      expect(handle.record()).toMatchObject({ status: 'cancelled', cancelReason: reason, abandoned: false })
      expect(await failureOf(handle)).toMatchObject({ name: 'TaskCancelledError', cause: reason })
      expect(await handle.cancel()).toBe(false)
      expect(await mode.single.submit(square, 2)).toBe(4)
    })

    it('is what became of a call that returns all the same', async () => {
      const handle = mode.single.submit(holdAndReturn, 'a value')
      await untilRunning(handle)
      await handle.cancel()
      expect(await failureOf(handle)).toBeInstanceOf(TaskCancelledError)
    })

    it('never hides an error of its own that a call ends with', async () => {
      const handle = mode.single.submit(holdAndFail, 'my own')
      await untilRunning(handle)
      const [error, cancelled] = await Promise.all([failureOf(handle), handle.cancel()])
      expect(cancelled).toBe(true)
      expect(error).toBeInstanceOf(RangeError)
      expect(error).toMatchObject({ message: 'my own' })
      expect(handle.status).toBe('failed')
    })

    it('comes from a signal, too', async () => {
      const controller = new AbortController()
      const running = submitWith(mode.single, { signal: controller.signal }, hold)
      const pending = submitWith(mode.single, { signal: controller.signal }, square, 5)
      await untilRunning(running)
      const reason = new Error('away')
      controller.abort(reason)
      expect(await failureOf(running)).toMatchObject({ name: 'TaskCancelledError', cause: reason })
      expect(await failureOf(pending)).toMatchObject({ name: 'TaskCancelledError', cause: reason })
      const late = submitWith(mode.single, { signal: controller.signal }, square, 5)
      expect(await failureOf(late)).toMatchObject({ name: 'TaskCancelledError', cause: reason })
    })

    it('of one call leaves the others alone', async () => {
      const open = mode.file()
      const other = mode.worker.submit(gate, open.path, 'the other')
      const handle = mode.worker.submit(hold)
      await untilRunning(other, handle)
      await handle.cancel()
      open.open()
      expect(await other).toBe('the other')
    })

    it.runIf(mode.inLoop)('of a call that never asked for its signal abandons it', async () => {
      const open = mode.file()
      const worker = await mode.start({ maxWorkers: 1, cleanupTimeout: 0 })
      const handle = worker.submit(gate, open.path)
      await untilRunning(handle)
      await handle.cancel()
      expect(handle.record()).toMatchObject({ status: 'cancelled', abandoned: true })
      expect(await worker.submit(square, 3)).toBe(9)
      expect(worker.stats().abandoned).toBe(1)
      open.open()
      await until(() => worker.stats().abandoned === 0)
    })

    it.skipIf(mode.inLoop).each([
      ['a call that never asks for its signal', forever],
      ['a hot loop', hotLoop],
    ])('ends %s for sure, and its worker is replaced', async (_, fn) => {
      const worker = await mode.start({ maxWorkers: 1, cleanupTimeout: 20 })
      const handle = worker.submit(fn)
      const next = worker.submit(square, 3)
      await untilRunning(handle)
      expect(await handle.cancel()).toBe(true)
      expect(handle.record()).toMatchObject({ status: 'cancelled', abandoned: false })
      expect(worker.stats()).toMatchObject({ abandoned: 0, cancelled: 1, crashed: 0 })
      expect(await next).toBe(9)
    })
  })

  describe('a timeout', () => {
    it('stops a running call, and says how long it had', async () => {
      const handle = submitWith(mode.single, { timeout: 30 }, hold)
      const error = await failureOf(handle)
      expect(error).toBeInstanceOf(TaskTimeoutError)
      expect(error).toMatchObject({ code: 'ERR_TASK_TIMEOUT', limit: 30 })
      expect(handle.record()).toMatchObject({ status: 'failed', abandoned: false })
      expect(await mode.single.submit(square, 2)).toBe(4)
    })

    it('counts from the start of the call, not from its submission', async () => {
      const open = mode.file()
      const first = mode.single.submit(gate, open.path)
      await untilRunning(first)
      const handle = submitWith(mode.single, { timeout: 5_000 }, same, 'in time')
      const impatient = submitWith(mode.single, { timeout: 0 }, hold)
      expect(await failureOf(submitWith(mode.worker, { timeout: 1 }, hold))).toBeInstanceOf(TaskTimeoutError)
      expect([handle.status, impatient.status]).toEqual(['pending', 'pending'])
      open.open()
      expect(await handle).toBe('in time')
      expect(await failureOf(impatient)).toMatchObject({ limit: 0 })
    })

    it.skipIf(mode.inLoop || mode.remote)('does not count the start of a worker', async () => {
      const slow = 'data:text/javascript,await new Promise(resolve => setTimeout(resolve, 2_500))'
      const worker = await mode.start({ maxWorkers: 1, execArgv: ['--import', slow] })
      const handle = submitWith(worker, { timeout: 2_000 }, same, 'in time')
      expect(await handle).toBe('in time')
      const { startedAt = 0, endedAt = 0 } = handle.record()
      expect(endedAt - startedAt).toBeGreaterThan(2_000)
    })

    it.skipIf(mode.inLoop)('ends a hot loop', async () => {
      const worker = await mode.start({ maxWorkers: 1, cleanupTimeout: 20 })
      const handle = submitWith(worker, { timeout: 20 }, hotLoop)
      expect(await failureOf(handle)).toMatchObject({ code: 'ERR_TASK_TIMEOUT', limit: 20 })
      expect(handle.record()).toMatchObject({ status: 'failed', abandoned: false })
      expect(await worker.submit(square, 3)).toBe(9)
    })
  })

  it('a deadline counts the waiting, too', async () => {
    const open = mode.file()
    const first = mode.single.submit(gate, open.path)
    const handle = withConfig({ deadline: 20 }, () => mode.single.submit(square, 3))
    expect(await failureOf(handle)).toMatchObject({ code: 'ERR_TASK_TIMEOUT', limit: 20 })
    expect(handle.record()).toMatchObject({ status: 'failed', attempt: 0 })
    open.open()
    await first
  })
}
