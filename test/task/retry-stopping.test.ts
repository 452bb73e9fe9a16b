import { sleep, spawn, suspend } from 'effection'
import { describe, expect, it, vi } from 'vitest'
import {
  RetryValidationError,
  resourceLimit,
  type TaskContext,
  TaskManager,
  TaskTimeoutError,
  type Work,
} from '../../src/index.ts'
import { createGate } from '../../src/testing.ts'
import { autojump, settle } from '../harness.ts'
import { elapse } from '../invariants/work.ts'

const start = (options = {}) => TaskManager.start({ maxTasks: 1, cleanupTimeout: 300, logger: false, ...options })

/** Work that runs on for `cleanup` milliseconds after a timeout of 100. */
const KINDS: Record<string, (cleanup: number) => Work<unknown>> = {
  'reads its signal': cleanup => async context => {
    await new Promise(resolve => context.signal.addEventListener('abort', resolve))
    await elapse(cleanup)
    throw context.signal.reason
  },
  'never reads its signal': cleanup => () => elapse(100 + cleanup),
  'is an operation': cleanup =>
    function* () {
      try {
        yield* suspend()
      } finally {
        yield* sleep(cleanup)
      }
    },
}

describe.each(Object.keys(KINDS))('a timed-out attempt that %s', kind => {
  const stubborn = KINDS[kind] as (cleanup: number) => Work<unknown>

  /** The first attempt is stubborn, the next succeeds; gives when each started, from the spawn on. */
  function flaky(cleanup: number, starts: number[]): Work<unknown> {
    const spawned = performance.now()
    const first = stubborn(cleanup)
    return context => {
      starts.push(performance.now() - spawned)
      return context.attempt === 1 ? first(context) : 'second'
    }
  }

  it.each([
    { cleanup: 50, second: 160, abandoned: 0 },
    { cleanup: 299, second: 409, abandoned: 0 },
    { cleanup: 5000, second: 410, abandoned: 1 },
  ])('and takes $cleanup ms to stop is followed at $second, never before', async ({ cleanup, second, abandoned }) => {
    await autojump(async () => {
      const manager = await start()
      const db = resourceLimit({ key: 'db', capacity: 1 })
      const starts: number[] = []
      const retry = { retries: 1, wait: 10 }
      const handle = manager.spawn(flaky(cleanup, starts), { timeout: 100, retry, limits: db })
      await elapse(100 + Math.min(cleanup, 300) - 1)
      expect(handle.status).toBe('stopping')
      expect(db.stats().used).toBe(1)
      await elapse(2)
      expect(handle.status).toBe('pending')
      expect(db.stats().used).toBe(0)
      expect(manager.stats()).toMatchObject({ pending: 1, running: 0, stopping: 0, abandoned })
      expect(await handle).toBe('second')
      expect(starts).toEqual([0, second])
      const { attempts, abandoned: last } = handle.record()
      expect(attempts[0]?.error).toBeInstanceOf(TaskTimeoutError)
      expect(last).toBe(false)
      await elapse(10_000)
      expect(manager.stats()).toMatchObject({ done: 1, failed: 0, abandoned: 0 })
      await manager.close()
    })
  })

  it('keeps its slot from others meanwhile, and gives it up while the task waits', async () => {
    await autojump(async () => {
      const manager = await start()
      const begun = performance.now()
      const handle = manager.spawn(flaky(50, []), { timeout: 100, retry: { retries: 1, wait: 1000 } })
      const other = manager.spawn(async () => performance.now() - begun)
      expect(await other).toBe(150)
      expect(handle.status).toBe('pending')
      expect(await handle).toBe('second')
      await manager.close()
    })
  })

  it('throws the last TaskTimeoutError when no retry is left', async () => {
    await autojump(async () => {
      const manager = await start()
      const handle = manager.spawn(context => stubborn(50)(context), { timeout: 100, retry: { retries: 1, wait: 10 } })
      const error = await handle.catch(error => error)
      expect(error).toBeInstanceOf(TaskTimeoutError)
      const { attempts } = handle.record()
      expect(attempts).toHaveLength(2)
      expect(attempts[0]?.error).toBeInstanceOf(TaskTimeoutError)
      expect(attempts[0]?.error).not.toBe(error)
      expect(attempts[1]?.error).toBe(error)
      await manager.close()
    })
  })

  it('has no successor when a cancel arrives while it stops', async () => {
    await autojump(async () => {
      const manager = await start()
      const starts: number[] = []
      const handle = manager.spawn(flaky(200, starts), { timeout: 100, retry: 5 })
      const other = manager.spawn(() => 'other')
      await elapse(150)
      const cancelled = handle.cancel('enough')
      await expect(handle).rejects.toMatchObject({ code: 'ERR_TASK_CANCELLED', cause: 'enough' })
      expect(await cancelled).toBe(true)
      expect(handle.record()).toMatchObject({ status: 'cancelled', cancelReason: 'enough' })
      expect(await other).toBe('other')
      expect(starts).toEqual([0])
      await manager.close()
      expect(vi.getTimerCount()).toBe(0)
    })
  })

  it('has no successor when the deadline passes while it stops', async () => {
    await autojump(async () => {
      const manager = await start()
      const starts: number[] = []
      const handle = manager.spawn(flaky(200, starts), { timeout: 100, deadline: 150, retry: 5 })
      const error = await handle.catch(error => error)
      expect(error).toBeInstanceOf(TaskTimeoutError)
      expect(error).toMatchObject({ limit: 150 })
      await manager.close()
      expect(starts).toEqual([0])
      expect(vi.getTimerCount()).toBe(0)
    })
  })

  it('has no successor when close runs out of time while it stops', async () => {
    await autojump(async () => {
      const manager = await start()
      const starts: number[] = []
      const handle = manager.spawn(flaky(200, starts), { timeout: 100, retry: 5 })
      const report = await manager.close({ timeout: 150 })
      expect(report).toMatchObject({ cancelled: 1, neverStarted: [], abandoned: [] })
      expect(handle.status).toBe('cancelled')
      expect(starts).toEqual([0])
    })
  })
})

describe('an operation whose body is over while its scope is torn down', () => {
  /** A body that ends at once, with a child that takes 100 ms to clean up. */
  const slowToEnd = (attempts: number[], body: () => unknown): Work<unknown> =>
    function* ({ attempt }) {
      attempts.push(attempt)
      yield* spawn(function* () {
        try {
          yield* suspend()
        } finally {
          yield* sleep(100)
        }
      })
      yield* sleep(0)
      return body()
    }

  it.each([
    { by: 'cancel', stop: (manager: TaskManager) => manager.cancelAll('enough') },
    { by: 'close', stop: (manager: TaskManager) => manager.close({ timeout: 0 }) },
    { by: 'the deadline', stop: () => elapse(0) },
  ])('is not tried again after $by', async ({ stop }) => {
    await autojump(async () => {
      const manager = await start()
      const attempts: number[] = []
      const error = new Error('own')
      const handle = manager.spawn(
        slowToEnd(attempts, () => {
          throw error
        }),
        { retry: Number.POSITIVE_INFINITY, deadline: 50 },
      )
      await elapse(stop.length === 0 ? 50 : 20)
      await stop(manager)
      await expect(handle).rejects.toBe(error)
      expect(attempts).toEqual([1])
      await manager.close()
      expect(vi.getTimerCount()).toBe(0)
    })
  })

  it('gives up on a refused result after a cancel', async () => {
    await autojump(async () => {
      const manager = await start()
      const attempts: number[] = []
      const retry = { retries: 5, retryUntil: () => false }
      const handle = manager.spawn(
        slowToEnd(attempts, () => 'refused'),
        { retry },
      )
      await elapse(20)
      await handle.cancel()
      await expect(handle).rejects.toBeInstanceOf(RetryValidationError)
      expect(attempts).toEqual([1])
      await manager.close()
    })
  })

  it('is tried again after a timeout that came too late to matter', async () => {
    await autojump(async () => {
      const manager = await start()
      const attempts: number[] = []
      const handle = manager.spawn(
        slowToEnd(attempts, () => {
          if (attempts.length === 1) throw new Error('first')
          return 'second'
        }),
        { retry: 1, timeout: 50 },
      )
      expect(await handle).toBe('second')
      expect(handle.record().attempts[0]).toMatchObject({ error: new Error('first') })
      await manager.close()
    })
  })
})

describe('a policy that stops the task while it is asked', () => {
  const boom = new Error('boom')

  it.each(['retryOn', 'retryUntil', 'backoff'] as const)('ends it there: %s', async option => {
    await autojump(async () => {
      const manager = await start()
      const answer = option === 'backoff' ? 1 : option === 'retryOn'
      const ask = vi.fn(() => {
        void manager.cancelAll('enough')
        return answer
      })
      const failing = vi.fn(() => {
        if (option === 'retryUntil') return 'refused'
        throw boom
      })
      const handle = manager.spawn(failing, { retry: { retries: 5, [option]: ask } })
      const ended = await handle.catch(error => error)
      if (option === 'retryUntil') expect(ended).toMatchObject({ attempts: 1, results: ['refused'] })
      else expect(ended).toBe(boom)
      await elapse(10_000)
      expect([ask.mock.calls.length, failing.mock.calls.length]).toEqual([1, 1])
      const gate = createGate()
      manager.spawn(() => gate)
      manager.spawn(() => gate)
      await settle()
      expect(manager.stats()).toMatchObject({ pending: 1, running: 1, stopping: 0 })
      gate.open()
      expect(vi.getTimerCount()).toBe(0)
      await manager.close()
    })
  })

  it('ends it there: retryOn of a timeout', async () => {
    await autojump(async () => {
      const manager = await start()
      const retryOn = vi.fn(() => {
        void manager.cancelAll('enough')
        return true
      })
      const handle = manager.spawn(KINDS['reads its signal']?.(50) as Work<unknown>, {
        timeout: 100,
        retry: { retries: 5, retryOn },
      })
      await expect(handle).rejects.toMatchObject({ code: 'ERR_TASK_CANCELLED', cause: 'enough' })
      expect(retryOn).toHaveBeenCalledOnce()
      const { pending, running, stopping, cancelled } = manager.stats()
      expect([pending, running, stopping, cancelled]).toEqual([0, 0, 0, 1])
      await manager.close()
    })
  })

  it('has its say on a result that was accepted all the same', async () => {
    await autojump(async () => {
      const manager = await start()
      const retryUntil = () => {
        void manager.cancelAll()
        return true
      }
      expect(await manager.spawn(() => 'result', { retry: { retries: 1, retryUntil } })).toBe('result')
      await manager.close()
    })
  })
})

describe('the signal of an attempt that is over', () => {
  it('is aborted when it is first read then, and changes nothing for the task', async () => {
    await autojump(async () => {
      const manager = await start()
      const contexts: TaskContext[] = []
      const handle = manager.spawn(
        context => {
          contexts.push(context)
          return elapse(context.attempt === 1 ? 5000 : 200)
        },
        { timeout: 100, retry: { retries: 1, wait: 10 } },
      )
      await elapse(100 + 300 + 10 + 50)
      expect(handle.status).toBe('running')
      expect(contexts[0]?.signal).toMatchObject({ aborted: true })
      await expect(handle).rejects.toBeInstanceOf(TaskTimeoutError)
      await manager.close()
    })
  })

  it('leaves a result of undefined as it is', async () => {
    await autojump(async () => {
      const manager = await start()
      let context: TaskContext | undefined
      const handle = manager.spawn(given => {
        context = given
      })
      await manager.drain()
      expect(context?.signal.aborted).toBe(true)
      expect(handle.result()).toBe(undefined)
      expect(await handle).toBe(undefined)
      await manager.close()
    })
  })
})
