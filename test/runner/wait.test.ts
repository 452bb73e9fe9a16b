import { getEventListeners } from 'node:events'
import { ensure, sleep } from 'effection'
import { describe, expect, it, vi } from 'vitest'
import { TaskCancelledError, TaskNotFoundError, TaskRunner } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { delay, failureOf, forever, untilAborted } from '../work.ts'
import { within } from './within.ts'

describe('wait', () => {
  it('gives the result of a task that runs, and of one that has ended', async () => {
    await within({}, async runner => {
      const { id } = runner.submit(() => delay(10, 'x'))
      expect(await runner.wait(id)).toBe('x')
      expect(await runner.wait<string>(id)).toBe('x')
    })
  })

  it('gives the very same value and error, however often', async () => {
    await within({}, async runner => {
      const value = {}
      const error = new Error('mine')
      const [good, bad] = [runner.submit(() => value).id, runner.submit(() => Promise.reject(error)).id]
      expect(await failureOf(runner.wait(bad))).toBe(error)
      expect(await failureOf(runner.wait(bad))).toBe(error)
      expect(await Promise.all([runner.wait(good), runner.wait(good)])).toEqual([value, value])
      expect(await runner.wait(good)).toBe(value)
    })
  })

  it('rejects with the cancel, of a pending and of a running task', async () => {
    await within({ workers: 1 }, async runner => {
      const running = runner.submit(({ signal }) => untilAborted(signal, 10))
      const pending = runner.submit(forever)
      await settle()
      const waits = [running, pending].map(({ id }) => failureOf(runner.wait(id)))
      runner.cancel(running.id)
      runner.cancel(pending.id)
      expect(await Promise.all(waits)).toEqual([expect.any(TaskCancelledError), expect.any(TaskCancelledError)])
    })
  })

  it.each([0, 1, 99, -1, 1.5, Number.NaN])('rejects with TaskNotFoundError for %d', async id => {
    const runner = await TaskRunner.start()
    const error = await failureOf(runner.wait(id))
    expect(error).toBeInstanceOf(TaskNotFoundError)
    expect(error).toMatchObject({
      code: 'ERR_TASK_NOT_FOUND',
      message: `there is no task ${id}: it was never submitted, or its record is older than history goes back`,
    })
  })

  it('rejects with TaskNotFoundError when the history has forgotten it', async () => {
    const runner = await TaskRunner.start({ history: 1 })
    await runner.submit(() => 1)
    await runner.submit(() => 2)
    await expect(runner.wait(1)).rejects.toThrow(TaskNotFoundError)
    expect(await runner.wait(2)).toBe(2)
  })

  it('that has begun is not cut short by a history of 0', async () => {
    await within({ history: 0 }, async runner => {
      const { id } = runner.submit(() => delay(10, 'x'))
      expect(await runner.wait(id)).toBe('x')
      await expect(runner.wait(id)).rejects.toThrow(TaskNotFoundError)
    })
  })

  it('gives up after its timeout, and the task goes on', async () => {
    const elapsed = await within({}, async runner => {
      const handle = runner.submit(() => delay(50, 'x'))
      const error = await failureOf(runner.wait(handle.id, { timeout: 20 }))
      expect(error).toMatchObject({ code: 'ERR_TASK_TIMEOUT', limit: 20 })
      expect((error as Error).message).toContain('waiting for task 1, which goes on, took longer than 20 ms')
      expect(handle.status).toBe('running')
      expect(await runner.wait(handle.id, { timeout: 500 })).toBe('x')
      expect(vi.getTimerCount()).toBe(0)
    })
    expect(elapsed).toBe(50)
  })

  it('gives up when its signal is aborted, and the task goes on', async () => {
    await within({}, async runner => {
      const controller = new AbortController()
      const handle = runner.submit(() => delay(50, 'x'))
      const waiting = failureOf(runner.wait(handle.id, { signal: controller.signal }))
      await settle()
      controller.abort('enough')
      expect(await waiting).toBe('enough')
      expect(await runner.wait(handle.id, { signal: new AbortController().signal })).toBe('x')
      expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    })
  })

  it.each([
    [{ timeout: -1 }, RangeError],
    [{ timeout: '5' }, TypeError],
    [{ signal: 5 }, TypeError],
    [5, TypeError],
  ])('rejects wrong options, also for what is unknown: %j', async (options, type) => {
    const runner = await TaskRunner.start()
    const { id } = runner.submit(() => 1)
    await expect(runner.wait(id, options as object)).rejects.toThrow(type)
    await expect(runner.wait(99, options as object)).rejects.toThrow(type)
  })

  it('counts as a look at the failure', async () => {
    const onError = vi.fn()
    await within({ onError }, async runner => {
      const { id } = runner.submit(() => delay(5).then(() => Promise.reject('seen')))
      expect(await failureOf(runner.wait(id))).toBe('seen')
      await runner.drain()
    })
    expect(onError).not.toHaveBeenCalled()
  })

  it('for itself inside a task is a DeadlockError', async () => {
    await within({}, async runner => {
      const handle = runner.submit(task => runner.wait(task.id))
      expect(await failureOf(handle)).toMatchObject({ code: 'ERR_DEADLOCK' })
    })
  })
})

describe('cancel', () => {
  it('of a pending task: it never runs, and its handle settles', async () => {
    await within({ workers: 1 }, async runner => {
      runner.submit(() => delay(10))
      const work = vi.fn()
      const pending = runner.submit(work)
      expect(await runner.cancel(pending.id, 'why')).toBe(true)
      expect(await failureOf(pending)).toMatchObject({ code: 'ERR_TASK_CANCELLED', cause: 'why' })
      await runner.drain()
      expect(work).not.toHaveBeenCalled()
      expect(runner.getRecord(pending.id)).toMatchObject({ status: 'cancelled', cancelReason: 'why', attempt: 0 })
    })
  })

  it('of a running task resolves when its work has stopped', async () => {
    const elapsed = await within({}, async runner => {
      const running = runner.submit(({ signal }) => untilAborted(signal, 30))
      await settle()
      expect(await runner.cancel(running.id)).toBe(true)
      expect(running.status).toBe('cancelled')
    })
    expect(elapsed).toBe(30)
  })

  it('says false for what has ended, and for what there never was', async () => {
    const runner = await TaskRunner.start()
    const { id } = runner.submit(() => 1)
    await runner.drain()
    expect(await runner.cancel(id)).toBe(false)
    expect(await runner.cancel(id + 1)).toBe(false)
    expect(await runner.cancel(Number.NaN)).toBe(false)
    expect(runner.getRecord(id)?.status).toBe('done')
  })

  it('acts at once, awaited or not', async () => {
    await within({ workers: 1 }, async runner => {
      runner.submit(forever)
      const pending = runner.submit(forever)
      runner.cancel(pending.id)
      expect(pending.status).toBe('cancelled')
      await runner.shutdown()
    })
  })

  it('says false when the task had its result already, and was only cleaning up', async () => {
    const elapsed = await within({}, async runner => {
      const handle = runner.submit(function* () {
        yield* ensure(() => sleep(20))
        return 'in time'
      })
      await settle()
      expect(handle.status).toBe('running')
      expect(await runner.cancel(handle.id)).toBe(false)
      expect(await handle).toBe('in time')
    })
    expect(elapsed).toBe(20)
  })

  it('ends the wait for another attempt', async () => {
    const elapsed = await within({}, async runner => {
      const flaky = runner.submit(() => Promise.reject('no'), { retry: { retries: 5, wait: 60_000 } })
      await settle()
      expect(await runner.cancel(flaky.id)).toBe(true)
      expect(flaky.status).toBe('cancelled')
    })
    expect(elapsed).toBe(0)
  })
})
