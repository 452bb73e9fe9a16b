import { ensure, sleep, suspend } from 'effection'
import { describe, expect, it, vi } from 'vitest'
import { type TaskContext, TaskTimeoutError } from '../../src/index.ts'
import { AttemptContext } from '../../src/task/context/context.ts'
import { settle } from '../harness.ts'
import { within } from '../manager/within.ts'
import { delay, failureOf, forever, listening, untilAborted } from '../work.ts'

describe('timeout', () => {
  it('aborts the signal of a running task with the error the handle then rejects with', async () => {
    const elapsed = await within({}, async manager => {
      let heard: unknown
      const handle = manager.spawn(
        ({ signal }) => {
          signal.addEventListener('abort', () => {
            heard = signal.reason
          })
          return untilAborted(signal)
        },
        { timeout: 50 },
      )
      const error = await failureOf(handle)
      expect(error).toBeInstanceOf(TaskTimeoutError)
      expect(error).toMatchObject({ code: 'ERR_TASK_TIMEOUT', limit: 50 })
      expect(heard).toBe(error)
      expect(handle.record()).toMatchObject({ status: 'failed', abandoned: false })
    })
    expect(elapsed).toBe(50)
  })

  it('counts from the last start of work that waits elsewhere, and time for its cleanup is left alone', async () => {
    const elapsed = await within({ cleanupTimeout: 100 }, async manager => {
      const work = async (context: TaskContext) => {
        for (const elsewhere of [500, 300]) {
          const start = AttemptContext.postpone(context)
          await delay(elsewhere)
          start()
          await delay(40)
        }
        await untilAborted(context.signal).catch(() => {})
        AttemptContext.postpone(context)
        await forever()
      }
      const handle = manager.spawn(work, { timeout: 50 })
      expect(await failureOf(handle)).toBeInstanceOf(TaskTimeoutError)
      expect(handle.record().abandoned).toBe(true)
    })
    expect(elapsed).toBe(500 + 40 + 300 + 50 + 100)
  })

  it('waits for the cleanup', async () => {
    const elapsed = await within({}, async manager => {
      const handle = manager.spawn(({ signal }) => untilAborted(signal, 30), { timeout: 50 })
      await delay(60)
      expect(handle.status).toBe('stopping')
      await failureOf(handle)
    })
    expect(elapsed).toBe(80)
  })

  it('halts an operation and waits for its cleanup', async () => {
    const elapsed = await within({}, async manager => {
      let cleaned = false
      const handle = manager.spawn(
        function* () {
          yield* ensure(function* () {
            yield* sleep(20)
            cleaned = true
          })
          yield* suspend()
        },
        { timeout: 50 },
      )
      expect(await failureOf(handle)).toBeInstanceOf(TaskTimeoutError)
      expect(cleaned).toBe(true)
    })
    expect(elapsed).toBe(70)
  })

  it('gives the cleanup up after cleanupTimeout', async () => {
    const elapsed = await within({ cleanupTimeout: 100 }, async manager => {
      const handle = manager.spawn(task => listening(task, forever), { timeout: 50 })
      expect(await failureOf(handle)).toBeInstanceOf(TaskTimeoutError)
      expect(handle.record()).toMatchObject({ status: 'failed', abandoned: true })
      expect(manager.stats().abandoned).toBe(1)
    })
    expect(elapsed).toBe(150)
  })

  it('settles the handle at once for work that never read its signal, which keeps its slot', async () => {
    await within({ maxTasks: 1 }, async manager => {
      const handle = manager.spawn(() => delay(200), { timeout: 50 })
      const next = manager.spawn(() => performance.now())
      const started = performance.now()
      await failureOf(handle)
      expect(performance.now() - started).toBe(50)
      expect(handle.record().abandoned).toBe(true)
      expect((await next) - started).toBe(200)
    })
  })

  it('counts from the start, not from the spawn', async () => {
    await within({ maxTasks: 1 }, async manager => {
      manager.spawn(() => delay(100))
      expect(await manager.spawn(() => delay(40, 'in time'), { timeout: 50 })).toBe('in time')
    })
  })

  it('keeps a cleanup error beside the timeout, and tells it', async () => {
    const told: unknown[] = []
    await within({ onError: error => told.push(error) }, async manager => {
      const handle = manager.spawn(({ signal }) => untilAborted(signal).catch(() => Promise.reject('dirty')), {
        timeout: 50,
      })
      expect(await failureOf(handle)).toBeInstanceOf(TaskTimeoutError)
      expect(handle.record().cleanupError).toBe('dirty')
      await settle()
    })
    expect(told).toEqual(['dirty'])
  })

  it('lets a value stand that an operation returned before', async () => {
    await within({}, async manager => {
      const handle = manager.spawn(
        function* () {
          yield* ensure(() => sleep(100))
          return 'in time'
        },
        { timeout: 50 },
      )
      expect(await handle).toBe('in time')
    })
  })

  it('leaves no timer behind', async () => {
    await within({}, async manager => {
      await manager.spawn(() => 1, { timeout: 5_000, deadline: 5_000 })
      await failureOf(manager.spawn(() => Promise.reject('no'), { timeout: 5_000, deadline: 5_000 }))
      await manager.spawn(forever, { timeout: 5_000, deadline: 5_000 }).cancel()
      expect(vi.getTimerCount()).toBe(0)
    })
  })

  it('is never too long: Infinity and years are no limit', async () => {
    await within({}, async manager => {
      const options = { timeout: 2 ** 40, deadline: Number.POSITIVE_INFINITY }
      expect(await manager.spawn(() => delay(1000, 'x'), options)).toBe('x')
    })
  })

  it('of zero is none for work that is done at once, and ends all other', async () => {
    await within({}, async manager => {
      expect(await manager.spawn(() => 'x', { timeout: 0 })).toBe('x')
      expect(await failureOf(manager.spawn(forever, { timeout: 0 }))).toBeInstanceOf(TaskTimeoutError)
    })
  })
})

describe('deadline', () => {
  it('counts the waiting: a pending task fails without ever having started', async () => {
    const elapsed = await within({ maxTasks: 1 }, async manager => {
      const work = vi.fn()
      const blocking = manager.spawn(() => delay(500))
      const handle = manager.spawn(work, { deadline: 50, name: 'late' })
      const error = await failureOf(handle)
      expect(error).toBeInstanceOf(TaskTimeoutError)
      expect(error).toMatchObject({ limit: 50, message: expect.stringContaining('deadline of 50 ms') })
      expect(handle.record()).toMatchObject({ status: 'failed', attempt: 0, abandoned: false })
      expect(manager.stats()).toMatchObject({ pending: 0, failed: 1 })
      await blocking
      await settle()
      expect(work).not.toHaveBeenCalled()
    })
    expect(elapsed).toBe(500)
  })

  it('counts the waiting: a task that started late is stopped early', async () => {
    const elapsed = await within({ maxTasks: 1 }, async manager => {
      manager.spawn(() => delay(30))
      const handle = manager.spawn(({ signal }) => untilAborted(signal), { deadline: 50 })
      expect(await failureOf(handle)).toMatchObject({ limit: 50 })
    })
    expect(elapsed).toBe(50)
  })

  it('does nothing while the task stops already', async () => {
    await within({}, async manager => {
      const handle = manager.spawn(({ signal }) => untilAborted(signal, 100), { deadline: 50 })
      await settle()
      await handle.cancel('first')
      expect(handle.record()).toMatchObject({ status: 'cancelled', cancelReason: 'first' })
    })
  })

  it('and timeout: the earlier one counts', async () => {
    await within({}, async manager => {
      const work = ({ signal }: { signal: AbortSignal }) => untilAborted(signal)
      expect(await failureOf(manager.spawn(work, { timeout: 20, deadline: 50 }))).toMatchObject({ limit: 20 })
      expect(await failureOf(manager.spawn(work, { timeout: 80, deadline: 50 }))).toMatchObject({ limit: 50 })
    })
  })
})
