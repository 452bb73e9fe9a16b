import { ensure, sleep, spawn, suspend } from 'effection'
import { describe, expect, it, vi } from 'vitest'
import { TaskCancelledError, type TaskHandle } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { within } from '../manager/within.ts'
import { delay, failureOf, forever, listening, untilAborted } from '../work.ts'

describe('cancelling a pending task', () => {
  it('ends it at once; it never starts and is gone from the queue', async () => {
    await within({ maxTasks: 1 }, async manager => {
      let called = false
      manager.spawn(() => delay(10))
      const handle = manager.spawn(() => {
        called = true
      })
      const cancelled = handle.cancel('changed my mind')
      expect(handle.status).toBe('cancelled')
      expect(manager.stats()).toMatchObject({ pending: 1, cancelled: 1 })
      expect(manager.get(handle.id)).toBeUndefined()
      expect(await cancelled).toBe(true)
      await manager.drain()
      expect(called).toBe(false)
      expect(handle.record()).toMatchObject({ attempt: 0, attempts: [], abandoned: false })
    })
  })

  it('works in the tick of its spawn', async () => {
    await within({}, async manager => {
      let called = false
      const handle = manager.spawn(() => {
        called = true
      })
      handle.cancel()
      expect(await failureOf(handle)).toBeInstanceOf(TaskCancelledError)
      expect(called).toBe(false)
    })
  })
})

describe('cancelling a running task', () => {
  it('acts at once, awaited or not', async () => {
    await within({}, async manager => {
      const heard: unknown[] = []
      const handle = manager.spawn(({ signal }) => {
        signal.addEventListener('abort', () => heard.push(signal.reason))
        return untilAborted(signal)
      })
      await settle()
      handle.cancel('enough')
      expect(heard).toEqual(['enough'])
      expect(handle.status).toBe('stopping')
      expect(await failureOf(handle)).toMatchObject({ code: 'ERR_TASK_CANCELLED', cause: 'enough' })
    })
  })

  it('resolves when the work has stopped', async () => {
    const elapsed = await within({}, async manager => {
      const handle = manager.spawn(({ signal }) => untilAborted(signal, 300))
      await settle()
      expect(await handle.cancel()).toBe(true)
      expect(handle.record()).toMatchObject({ status: 'cancelled', abandoned: false })
    })
    expect(elapsed).toBe(300)
  })

  it('aborts with an error of its own when no reason is given, the one the handle rejects with', async () => {
    await within({}, async manager => {
      let heard: unknown
      const handle = manager.spawn(({ signal }) => {
        signal.addEventListener('abort', () => {
          heard = signal.reason
        })
        return untilAborted(signal)
      })
      await settle()
      await handle.cancel()
      const error = await failureOf(handle)
      expect(error).toBeInstanceOf(TaskCancelledError)
      expect(error).toBe(heard)
      expect(error).not.toHaveProperty('cause')
      expect(handle.record()).not.toHaveProperty('cancelReason')
    })
  })

  it('keeps the reason, by identity', async () => {
    await within({}, async manager => {
      const reason = { why: 'closed the tab' }
      const handle = manager.spawn(({ signal }) => untilAborted(signal))
      await settle()
      await handle.cancel(reason)
      expect(handle.exception()).toHaveProperty('cause', reason)
      expect(handle.record().cancelReason).toBe(reason)
    })
  })

  it('takes for cancelled what resolves after it was told to stop', async () => {
    await within({}, async manager => {
      const handle = manager.spawn(async ({ signal }) => {
        await untilAborted(signal).catch(() => {})
        return 'partial'
      })
      await settle()
      expect(await handle.cancel()).toBe(true)
      expect(handle.status).toBe('cancelled')
    })
  })

  it.each([
    ['the reason', (reason: unknown) => reason],
    ['an AbortError', () => new DOMException('aborted', 'AbortError')],
    ['an error caused by the reason', (reason: unknown) => new Error('request failed', { cause: reason })],
    ['the cancel error of another task', () => new TaskCancelledError('another was cancelled')],
  ])('takes %s, thrown after it was told to stop, for an answer', async (_, answer) => {
    await within({}, async manager => {
      const handle = manager.spawn(({ signal }) =>
        untilAborted(signal).catch(reason => {
          throw answer(reason)
        }),
      )
      await settle()
      await handle.cancel(new Error('the reason'))
      expect(handle.status).toBe('cancelled')
    })
  })

  it('fails the task when its cleanup throws an error of its own', async () => {
    await within({}, async manager => {
      const error = new Error('could not delete the file')
      const handle = manager.spawn(({ signal }) => untilAborted(signal).catch(() => Promise.reject(error)))
      await settle()
      expect(await handle.cancel('enough')).toBe(true)
      expect(handle.status).toBe('failed')
      expect(await failureOf(handle)).toBe(error)
      expect(handle.record()).toMatchObject({ error, cancelReason: 'enough' })
    })
  })

  it('gives up after cleanupTimeout and says so', async () => {
    const elapsed = await within({ cleanupTimeout: 200 }, async manager => {
      const handle = manager.spawn(task => listening(task, forever))
      await settle()
      expect(await handle.cancel()).toBe(true)
      expect(handle.record()).toMatchObject({ status: 'cancelled', abandoned: true })
      expect(manager.stats()).toMatchObject({ cancelled: 1, stopping: 0, abandoned: 1 })
    })
    expect(elapsed).toBe(200)
  })

  it('ignores what abandoned work comes to in the end, and counts it no longer', async () => {
    await within({ cleanupTimeout: 200 }, async manager => {
      const handle = manager.spawn(task => listening(task, () => delay(1000, 'late')))
      await settle()
      await handle.cancel()
      expect(manager.stats().abandoned).toBe(1)
      await delay(1000)
      expect(manager.stats()).toMatchObject({ cancelled: 1, done: 0, abandoned: 0 })
      expect(await failureOf(handle)).toBeInstanceOf(TaskCancelledError)
    })
  })

  it('lets a rejection of abandoned work go unnoticed', async () => {
    await within({ cleanupTimeout: 50 }, async manager => {
      const handle = manager.spawn(task => listening(task, () => delay(100).then(() => Promise.reject('late'))))
      await settle()
      await handle.cancel()
      await delay(100)
      expect(handle.record().status).toBe('cancelled')
    })
  })

  it('never gives up when cleanupTimeout is Infinity', async () => {
    const elapsed = await within({ cleanupTimeout: Number.POSITIVE_INFINITY }, async manager => {
      const handle = manager.spawn(({ signal }) => untilAborted(signal, 3_000_000))
      await settle()
      await handle.cancel()
      expect(handle.record().abandoned).toBe(false)
    })
    expect(elapsed).toBe(3_000_000)
  })
})

describe('cancelling work that never read its signal', () => {
  it('settles the handle at once, as abandoned', async () => {
    await within({}, async manager => {
      const handle = manager.spawn(forever)
      await settle()
      handle.cancel('enough')
      expect(handle.record()).toMatchObject({ status: 'cancelled', abandoned: true, cancelReason: 'enough' })
      expect(await failureOf(handle)).toMatchObject({ cause: 'enough' })
    })
  })

  it('keeps its slot until the work stops', async () => {
    const elapsed = await within({ maxTasks: 1 }, async manager => {
      const handle = manager.spawn(() => delay(500))
      const next = manager.spawn(() => 'next')
      await settle()
      handle.cancel()
      await failureOf(handle)
      await settle()
      expect(next.status).toBe('pending')
      expect(manager.stats().abandoned).toBe(0)
      expect(await next).toBe('next')
    })
    expect(elapsed).toBe(500)
  })

  it('keeps its slot no longer than cleanupTimeout, and is counted as abandoned from then on', async () => {
    const elapsed = await within({ maxTasks: 1, cleanupTimeout: 200 }, async manager => {
      const handle = manager.spawn(() => delay(500))
      const next = manager.spawn(() => 'next')
      await settle()
      const cancelled = handle.cancel()
      expect(await next).toBe('next')
      expect(await cancelled).toBe(true)
      expect(manager.stats().abandoned).toBe(1)
    })
    expect(elapsed).toBe(200)
  })

  it('resolves cancel only when the work has stopped', async () => {
    const elapsed = await within({}, async manager => {
      const handle = manager.spawn(() => delay(400))
      await settle()
      expect(await handle.cancel()).toBe(true)
      expect(handle.record().abandoned).toBe(true)
    })
    expect(elapsed).toBe(400)
  })

  it('shows the abort to work that reads the signal later', async () => {
    await within({}, async manager => {
      const seen: unknown[] = []
      const handle = manager.spawn(async task => {
        await delay(50)
        seen.push(task.signal.aborted, task.signal.reason)
      })
      await settle()
      await handle.cancel('too late')
      expect(seen).toEqual([true, 'too late'])
    })
  })
})

describe('cancelling twice', () => {
  it('waits for the same stop, and the first reason counts', async () => {
    const elapsed = await within({}, async manager => {
      const handle = manager.spawn(({ signal }) => untilAborted(signal, 100))
      await settle()
      expect(await Promise.all([handle.cancel('first'), handle.cancel('second')])).toEqual([true, true])
      expect(handle.record().cancelReason).toBe('first')
    })
    expect(elapsed).toBe(100)
  })

  it('does not start the cleanup time again', async () => {
    const elapsed = await within({ cleanupTimeout: 100 }, async manager => {
      const handle = manager.spawn(task => listening(task, forever))
      await settle()
      handle.cancel()
      await delay(60)
      await handle.cancel()
    })
    expect(elapsed).toBe(100)
  })
})

describe('cancelling after the end', () => {
  it.each([
    ['done', () => 1],
    ['failed', () => Promise.reject('no')],
  ])('gives false and leaves a %s task alone', async (status, work) => {
    await within({}, async manager => {
      const handle: TaskHandle<unknown> = manager.spawn((): unknown => work())
      await manager.drain()
      expect(await handle.cancel()).toBe(false)
      expect(handle.status).toBe(status)
    })
  })

  it('gives false for a cancelled task', async () => {
    await within({}, async manager => {
      const handle = manager.spawn(forever)
      handle.cancel('first')
      expect(await handle.cancel('second')).toBe(false)
      expect(handle.record().cancelReason).toBe('first')
    })
  })
})

describe('cancelling an operation', () => {
  it('runs its cleanup, and that of all it spawned, before the handle settles', async () => {
    const log: string[] = []
    const elapsed = await within({}, async manager => {
      const handle = manager.spawn(function* () {
        yield* ensure(function* () {
          yield* sleep(20)
          log.push('ensure')
        })
        yield* spawn(function* () {
          try {
            yield* suspend()
          } finally {
            yield* sleep(30)
            log.push('child')
          }
        })
        try {
          yield* suspend()
        } finally {
          log.push('finally')
        }
      })
      await settle()
      handle.cancel()
      expect(handle.status).toBe('stopping')
      await failureOf(handle)
      log.push('settled')
      expect(handle.record()).toMatchObject({ status: 'cancelled', abandoned: false })
    })
    expect(log.at(-1)).toBe('settled')
    expect([...log].sort()).toEqual(['child', 'ensure', 'finally', 'settled'])
    expect(elapsed).toBe(50)
  })

  it('lets a value stand that was returned before', async () => {
    const elapsed = await within({}, async manager => {
      const handle = manager.spawn(function* () {
        yield* ensure(() => sleep(100))
        return 'in time'
      })
      await settle()
      expect(handle.status).toBe('running')
      expect(await handle.cancel()).toBe(false)
      expect(await handle).toBe('in time')
      expect(handle.record()).toMatchObject({ status: 'done', abandoned: false })
    })
    expect(elapsed).toBe(100)
  })

  it('bounds the cleanup after a returned value by cleanupTimeout too', async () => {
    const elapsed = await within({ cleanupTimeout: 50 }, async manager => {
      const handle = manager.spawn(function* () {
        yield* ensure(() => sleep(1000))
        return 'in time'
      })
      await settle()
      await handle.cancel()
      expect(await handle).toBe('in time')
      expect(handle.record()).toMatchObject({ status: 'done', abandoned: true })
    })
    expect(elapsed).toBe(50)
  })

  it('fails it when the cleanup throws', async () => {
    await within({}, async manager => {
      const error = new Error('could not close')
      const handle = manager.spawn(function* () {
        yield* ensure(() => {
          throw error
        })
        yield* suspend()
      })
      await settle()
      await handle.cancel()
      expect(handle.status).toBe('failed')
      expect(await failureOf(handle)).toBe(error)
    })
  })

  it('gives a hung teardown up after cleanupTimeout', async () => {
    const elapsed = await within({ maxTasks: 1, cleanupTimeout: 200 }, async manager => {
      const handle = manager.spawn(function* () {
        try {
          yield* suspend()
        } finally {
          yield* suspend()
        }
      })
      const next = manager.spawn(() => 'next')
      await settle()
      handle.cancel()
      expect(await failureOf(handle)).toBeInstanceOf(TaskCancelledError)
      expect(handle.record().abandoned).toBe(true)
      expect(await next).toBe('next')
      expect(manager.stats().abandoned).toBe(1)
    })
    expect(elapsed).toBe(200)
  })
})

describe('cancelling from inside', () => {
  it('does not wait for itself', async () => {
    await within({}, async manager => {
      const handle: TaskHandle<void> = manager.spawn(async ({ signal }) => {
        await handle.cancel('myself')
        signal.throwIfAborted()
      })
      expect(await failureOf(handle)).toMatchObject({ cause: 'myself' })
      expect(handle.record().abandoned).toBe(false)
    })
  })
})

describe('the signal option', () => {
  it('cancels a running task with its reason', async () => {
    await within({}, async manager => {
      const controller = new AbortController()
      const handle = manager.spawn(({ signal }) => untilAborted(signal), { signal: controller.signal })
      await settle()
      controller.abort('gone')
      expect(handle.status).toBe('stopping')
      expect(await failureOf(handle)).toMatchObject({ code: 'ERR_TASK_CANCELLED', cause: 'gone' })
    })
  })

  it('cancels a pending task, which then never starts', async () => {
    await within({ maxTasks: 1 }, async manager => {
      const controller = new AbortController()
      const work = vi.fn()
      manager.spawn(() => delay(10))
      const handle = manager.spawn(work, { signal: controller.signal })
      controller.abort('gone')
      expect(handle.status).toBe('cancelled')
      await manager.drain()
      expect(work).not.toHaveBeenCalled()
    })
  })

  it('cancels at once when it is aborted already', async () => {
    await within({}, async manager => {
      const work = vi.fn()
      const handle = manager.spawn(work, { signal: AbortSignal.abort('before') })
      expect(handle.status).toBe('cancelled')
      expect(await failureOf(handle)).toMatchObject({ cause: 'before' })
      expect(work).not.toHaveBeenCalled()
      expect(manager.stats()).toMatchObject({ pending: 0, cancelled: 1 })
    })
  })

  it('is not listened to any more when the task has ended', async () => {
    await within({}, async manager => {
      const { signal } = new AbortController()
      const add = vi.spyOn(signal, 'addEventListener')
      const remove = vi.spyOn(signal, 'removeEventListener')
      await manager.spawn(() => 1, { signal })
      expect(add).toHaveBeenCalledOnce()
      expect(remove).toHaveBeenCalledWith('abort', add.mock.calls[0]?.[1])
    })
  })
})

describe('a task whose work awaits another', () => {
  it('counts as cancelled when both are and the work passes the cancel error of the other on', async () => {
    await within({}, async manager => {
      const inner = manager.spawn(({ signal }) => untilAborted(signal))
      const outer = manager.spawn(task => listening(task, async () => await inner))
      await settle()
      await manager.cancelAll()
      expect([inner.status, outer.status]).toEqual(['cancelled', 'cancelled'])
    })
  })
})
