import { sleep } from 'effection'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  type RetryOptions,
  resourceLimit,
  TaskCancelledError,
  type TaskContext,
  TaskManager,
  TaskTimeoutError,
} from '../../src/index.ts'
import { autojump, settle } from '../harness.ts'
import { elapse } from '../invariants/work.ts'

afterEach(() => vi.restoreAllMocks())

const quiet = { logger: false } as const

/** Work that throws these one after the other, and then gives 'done'. */
function failing(...errors: readonly unknown[]) {
  return async ({ attempt }: TaskContext): Promise<string> => {
    if (attempt <= errors.length) throw errors[attempt - 1]
    return 'done'
  }
}

/** Work that gives these results one after the other. */
function giving<T>(...results: readonly T[]) {
  return async ({ attempt }: TaskContext): Promise<T> => results[attempt - 1] as T
}

const errors = (count: number) => Array.from({ length: count }, (_, index) => new Error(`error ${index + 1}`))

/** Virtual milliseconds from one attempt to the next. */
async function pauses(retry: RetryOptions): Promise<number[]> {
  const { value } = await autojump(async () => {
    await using manager = await TaskManager.start(quiet)
    const handle = manager.spawn(failing(...errors(retry.retries)), { retry })
    await handle
    const starts = handle.record().attempts.map(({ startedAt }) => startedAt)
    return starts.slice(1).map((start, index) => start - (starts[index] as number))
  })
  return value
}

describe('retries', () => {
  it('are attempts beside the first: 3 means 4', async () => {
    await autojump(async () => {
      await using manager = await TaskManager.start(quiet)
      const thrown = errors(4)
      const seen: number[] = []
      const work = failing(...thrown)
      const handle = manager.spawn(
        context => {
          seen.push(context.attempt)
          return work(context)
        },
        { retry: 3 },
      )
      await expect(handle).rejects.toBe(thrown[3])
      expect(seen).toEqual([1, 2, 3, 4])
    })
  })

  it.each([0, { retries: 0 }])('of %o run the work once', async retry => {
    await autojump(async () => {
      await using manager = await TaskManager.start(quiet)
      const [error] = errors(1)
      const handle = manager.spawn(failing(error), { retry })
      await expect(handle).rejects.toBe(error)
      expect(handle.record()).toMatchObject({ status: 'failed', attempt: 1 })
    })
  })

  it('end with the first success', async () => {
    await autojump(async () => {
      await using manager = await TaskManager.start(quiet)
      const handle = manager.spawn(failing(...errors(2)), { retry: { retries: Number.POSITIVE_INFINITY } })
      expect(await handle).toBe('done')
      expect(handle.record()).toMatchObject({ status: 'done', attempt: 3 })
    })
  })

  it('throw the last original error, undefined too', async () => {
    await autojump(async () => {
      await using manager = await TaskManager.start(quiet)
      const handle = manager.spawn(failing(new Error('first'), undefined), { retry: 1 })
      await expect(handle).rejects.toBe(undefined)
      expect(handle.status).toBe('failed')
      const { attempts } = handle.record()
      expect(attempts).toHaveLength(2)
      expect(attempts[1]).toHaveProperty('error', undefined)
      expect(await manager.spawn(failing(undefined), { retry: 1 })).toBe('done')
    })
  })

  it('are kept in the record, each attempt with its start, its end and its error', async () => {
    await autojump(async () => {
      await using manager = await TaskManager.start(quiet)
      const thrown = errors(2)
      const start = Date.now()
      const handle = manager.spawn(
        async context => {
          await elapse(5)
          return failing(...thrown)(context)
        },
        { retry: { retries: 2, wait: 100, backoff: 'linear' } },
      )
      await handle
      const record = handle.record()
      const relative = record.attempts.map(attempt => ({
        ...attempt,
        startedAt: attempt.startedAt - start,
        endedAt: (attempt.endedAt ?? 0) - start,
      }))
      expect(relative).toEqual([
        { startedAt: 0, endedAt: 5, error: thrown[0] },
        { startedAt: 105, endedAt: 110, error: thrown[1] },
        { startedAt: 310, endedAt: 315 },
      ])
      expect(record.attempts[0]?.error).toBe(thrown[0])
      expect(record.startedAt).toBe(record.attempts[0]?.startedAt)
      expect(record.endedAt).toBe(record.attempts[2]?.endedAt)
      expect(Object.isFrozen(record.attempts) && record.attempts.every(Object.isFrozen)).toBe(true)
    })
  })

  it('make a generator operation anew', async () => {
    await autojump(async () => {
      await using manager = await TaskManager.start(quiet)
      const steps: string[] = []
      const handle = manager.spawn(
        function* ({ attempt }) {
          steps.push(`${attempt} starts`)
          try {
            yield* sleep(10)
            if (attempt < 3) throw new Error('again')
            return attempt
          } finally {
            steps.push(`${attempt} cleans up`)
          }
        },
        { retry: 2 },
      )
      expect(await handle).toBe(3)
      expect(steps).toEqual([1, 2, 3].flatMap(attempt => [`${attempt} starts`, `${attempt} cleans up`]))
    })
  })

  it('serve each item of a map', async () => {
    await autojump(async () => {
      await using manager = await TaskManager.start({ maxTasks: 2, ...quiet })
      const flaky = async (item: number, { attempt }: TaskContext) => {
        if (attempt < item) throw new Error(`item ${item}`)
        return item * 10
      }
      const retry = { retries: 2, wait: 10 }
      expect(await manager.map([3, 1, 2], flaky, { retry }).toArray()).toEqual([30, 10, 20])
      await expect(manager.map([1, 4, 2], flaky, { retry }).toArray()).rejects.toThrow('item 4')
      const collected = await manager.map([1, 4], flaky, { retry, onError: 'collect' }).toArray()
      expect(collected).toEqual([10, new Error('item 4')])
    })
  })

  it.each(['failure', 'timeout'])(
    'are told by a retrying event after a %s, and by no second submitted',
    async cause => {
      await autojump(async () => {
        await using manager = await TaskManager.start(quiet)
        const told: string[] = []
        for (const event of ['submitted', 'started', 'stopping', 'retrying', 'done'] as const) {
          manager.on(event, ({ record }) => told.push(`${event} ${record.attempt} ${record.status}`))
        }
        const work = async ({ attempt, signal }: TaskContext) => {
          if (attempt > 1) return
          if (cause === 'failure') throw new Error('again')
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
        }
        await manager.spawn(work, { retry: 1, timeout: 100 })
        await settle()
        expect(told).toEqual([
          'submitted 0 pending',
          'started 1 running',
          ...(cause === 'timeout' ? ['stopping 1 stopping'] : []),
          'retrying 1 pending',
          'started 2 running',
          'done 2 done',
        ])
      })
    },
  )
})

describe('the wait before the next attempt', () => {
  it('is a second, doubled each time, unless told', async () => {
    expect(await pauses({ retries: 4 })).toEqual([1000, 2000, 4000, 8000])
  })

  it('grows as backoff says, up to maxWait', async () => {
    expect(await pauses({ retries: 4, wait: 10, backoff: 'exponential' })).toEqual([10, 20, 40, 80])
    expect(await pauses({ retries: 4, wait: 10, backoff: 'linear' })).toEqual([10, 20, 30, 40])
    expect(await pauses({ retries: 5, wait: 10, backoff: 'fibonacci' })).toEqual([10, 10, 20, 30, 50])
    expect(await pauses({ retries: 3, backoff: attempt => attempt * 7 })).toEqual([7, 14, 21])
    expect(await pauses({ retries: 4, wait: 10, maxWait: 25 })).toEqual([10, 20, 25, 25])
  })

  it('is spread by the size of jitter', async () => {
    vi.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(0.5).mockReturnValueOnce(0.75)
    expect(await pauses({ retries: 3, wait: 100, backoff: () => 100, jitter: 0.2 })).toEqual([80, 100, 110])
    vi.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(0.5).mockReturnValueOnce(0.75)
    expect(await pauses({ retries: 3, wait: 100, backoff: () => 100, jitter: 'full' })).toEqual([0, 50, 75])
  })

  it.each([
    {
      what: 'throws',
      backoff: () => {
        throw new Error('backoff')
      },
    },
    { what: 'gives no number', backoff: () => undefined as never },
    { what: 'gives what would pass for 0', backoff: () => null as never },
    { what: 'gives less than nothing', backoff: () => -1 },
    { what: 'gives NaN', backoff: () => Number.NaN },
  ])('ends the retries with the own error of the task when backoff $what', async ({ backoff }) => {
    await autojump(async () => {
      await using manager = await TaskManager.start(quiet)
      const thrown = errors(2)
      const handle = manager.spawn(failing(...thrown), { retry: { retries: 5, backoff } })
      await expect(handle).rejects.toBe(thrown[0])
      const refused = manager.spawn(giving(1), { retry: { retries: 5, backoff, retryUntil: () => false } })
      await expect(refused).rejects.toMatchObject({ attempts: 1, results: [1] })
      expect(vi.getTimerCount()).toBe(0)
    })
  })

  it('holds no slot and no permit, and is pending in stats', async () => {
    await autojump(async () => {
      await using manager = await TaskManager.start({ maxTasks: 1, ...quiet })
      const db = resourceLimit({ key: 'db', capacity: 1 })
      const flaky = manager.spawn(failing(...errors(1)), { retry: 1, limits: db })
      const other = manager.spawn(async () => Date.now(), { limits: db })
      const start = Date.now()
      expect((await other) - start).toBe(0)
      expect(flaky.status).toBe('pending')
      expect(manager.stats()).toMatchObject({ pending: 1, running: 0, stopping: 0, done: 1, failed: 0 })
      expect(db.stats()).toMatchObject({ used: 0, waiting: 0 })
      expect(vi.getTimerCount()).toBe(1)
      expect(await flaky).toBe('done')
    })
  })

  it.each([
    {
      by: 'cancel',
      end: (manager: TaskManager) => manager.cancelAll('enough'),
      status: 'cancelled',
      error: TaskCancelledError,
    },
    {
      by: 'its signal',
      end: (_: TaskManager, controller: AbortController) => controller.abort('enough'),
      status: 'cancelled',
      error: TaskCancelledError,
    },
    {
      by: 'close',
      end: (manager: TaskManager) => manager.close({ pending: 'cancel' }),
      status: 'cancelled',
      error: TaskCancelledError,
    },
    { by: 'the deadline', end: () => {}, deadline: 500, status: 'failed', error: TaskTimeoutError },
  ])('is ended at once by $by, leaving no timer', async ({ end, status, error, deadline = 10_000 }) => {
    const { elapsed } = await autojump(async () => {
      const manager = await TaskManager.start(quiet)
      const controller = new AbortController()
      const [thrown] = errors(1)
      const work = vi.fn(failing(thrown))
      const { signal } = controller
      const handle = manager.spawn(work, { retry: { retries: 3, wait: 60_000 }, deadline, signal })
      await elapse(500 - 1)
      expect(handle.status).toBe('pending')
      await elapse(1)
      await end(manager, controller)
      await expect(handle).rejects.toBeInstanceOf(error)
      expect(handle.status).toBe(status)
      expect(work).toHaveBeenCalledOnce()
      expect(vi.getTimerCount()).toBe(0)
      const { attempt, attempts } = handle.record()
      expect(attempt).toBe(1)
      expect(attempts).toMatchObject([{ error: thrown }])
      await manager.close()
    })
    expect(elapsed).toBe(500)
  })

  it('lasts no longer than close allows', async () => {
    const { elapsed } = await autojump(async () => {
      const manager = await TaskManager.start({ closeTimeout: 300, ...quiet })
      const handle = manager.spawn(failing(...errors(1)), { retry: 1 })
      await settle()
      const report = await manager.close()
      expect(handle.status).toBe('cancelled')
      expect(report).toMatchObject({ cancelled: 1, neverStarted: [], abandoned: [] })
      expect(vi.getTimerCount()).toBe(0)
    })
    expect(elapsed).toBe(300)
  })

  it('is over within close when there is time, and the task goes on', async () => {
    await autojump(async () => {
      const manager = await TaskManager.start({ closeTimeout: 1500, ...quiet })
      const handle = manager.spawn(failing(...errors(1)), { retry: 1 })
      await settle()
      expect(await manager.close()).toMatchObject({ done: 1, cancelled: 0 })
      expect(await handle).toBe('done')
    })
  })
})

describe('no wait before the next attempt', () => {
  const atOnce = (retries: number) => ({ retries, wait: 0 })

  it('takes no turn of the event loop', async () => {
    await using manager = await TaskManager.start(quiet)
    const turn = vi.fn()
    setImmediate(turn)
    expect(await manager.spawn(failing(...errors(3)), { retry: atOnce(3) })).toBe('done')
    expect(turn).not.toHaveBeenCalled()
  })

  it('gives back slot and permit, and asks for both anew behind others', async () => {
    await using manager = await TaskManager.start({ maxTasks: 2, ...quiet })
    const db = resourceLimit({ key: 'db', capacity: 1 })
    const log: string[] = []
    const work = (name: string) => async (context: TaskContext) => {
      expect(db.stats().used).toBe(1)
      log.push(`${name} ${context.attempt}`)
      await settle()
      return failing(...errors(2))(context)
    }
    for (const name of ['a', 'b']) manager.spawn(work(name), { retry: atOnce(2), limits: db })
    await manager.drain()
    expect(log).toEqual(['a 1', 'b 1', 'a 2', 'b 2', 'a 3', 'b 3'])
    expect(db.stats()).toMatchObject({ used: 0, waiting: 0 })
  })

  it('is none for a task that is cancelled in between', async () => {
    await using manager = await TaskManager.start(quiet)
    const work = vi.fn(() => {
      throw new Error('failed')
    })
    const handle = manager.spawn(work, { retry: atOnce(5) })
    manager.on('retrying', () => void handle.cancel('enough'))
    await expect(handle).rejects.toBeInstanceOf(TaskCancelledError)
    await settle()
    expect(manager.stats()).toMatchObject({ pending: 0, running: 0, cancelled: 1 })
    expect(handle.record().attempt).toBe(work.mock.calls.length)
  })

  it.each(['real', 'virtual'])('lets timers of %s time fire, however often an attempt fails', async time => {
    const cancelled = async () => {
      await using manager = await TaskManager.start(quiet)
      const work = async () => {
        throw new Error('failed')
      }
      const handle = manager.spawn(work, { retry: atOnce(Number.POSITIVE_INFINITY) })
      setTimeout(() => void handle.cancel(), 0)
      await expect(handle).rejects.toBeInstanceOf(TaskCancelledError)
    }
    await (time === 'real' ? cancelled() : autojump(cancelled))
  })
})
