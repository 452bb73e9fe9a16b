import { describe, expect, it } from 'vitest'
import {
  ManagerClosedError,
  type TaskContext,
  TaskManager,
  type TaskManagerOptions,
  TaskRunner,
  TaskTimeoutError,
  TooManyRestartsError,
} from '../../src/index.ts'
import { runVirtual } from '../../src/testing.ts'
import { delay, failureOf, listening, untilAborted } from '../work.ts'

async function virtually(
  body: (manager: TaskManager) => Promise<void>,
  options?: number | TaskManagerOptions,
): Promise<number> {
  const { elapsed } = await runVirtual(async () => {
    await using manager = await TaskManager.start(options)
    await body(manager)
    expect(manager.stats()).toMatchObject({ pending: 0, running: 0, stopping: 0 })
  })
  return elapsed
}

/** Fails with these errors, one for each run, and returns at last. */
const failing =
  (...errors: readonly Error[]) =>
  ({ attempt }: TaskContext) => {
    const error = errors[attempt - 1]
    if (error !== undefined) throw error
    return `run ${attempt}`
  }

const errors = Array.from({ length: 20 }, (_, index) => new Error(`error ${index + 1}`))

describe('supervise', () => {
  it('starts work again that fails, with one handle, until it returns', async () => {
    const elapsed = await virtually(async manager => {
      const handle = manager.supervise(failing(...errors.slice(0, 3)))
      expect(await handle).toBe('run 4')
      const { attempt, attempts, status } = handle.record()
      expect({ attempt, status }).toEqual({ attempt: 4, status: 'done' })
      expect(attempts.map(({ error }) => error)).toEqual([...errors.slice(0, 3), undefined])
    })
    expect(elapsed).toBe(1_000 + 2_000 + 4_000)
  })

  it('starts work again that returns, if it is to run for good', async () => {
    const elapsed = await virtually(async manager => {
      const runs: number[] = []
      const handle = manager.supervise(
        async ({ attempt, signal }) => {
          runs.push(attempt)
          if (attempt === 3) await untilAborted(signal)
        },
        { restart: 'always', wait: 10 },
      )
      await delay(100)
      expect(runs).toEqual([1, 2, 3])
      expect(await handle.cancel('enough')).toBe(true)
      expect(handle.record()).toMatchObject({ status: 'cancelled', cancelReason: 'enough' })
    })
    expect(elapsed).toBe(100)
  })

  it('fails when it would be started again too often within the window, with the last error as the cause', async () => {
    const elapsed = await virtually(async manager => {
      const handle = manager.supervise(failing(...errors), { wait: 100, backoff: 'linear', maxRestarts: 3, per: 1_000 })
      const error = await failureOf(handle)
      expect(error).toBeInstanceOf(TooManyRestartsError)
      expect(error).toMatchObject({ code: 'ERR_TOO_MANY_RESTARTS', maxRestarts: 3, per: 1_000, cause: errors[3] })
      expect(handle.record()).toMatchObject({ status: 'failed', attempt: 4 })
      const returning = manager.supervise(() => 'over', { restart: 'always', wait: 0, maxRestarts: 0 })
      expect(await failureOf(returning)).not.toHaveProperty('cause')
    })
    expect(elapsed).toBe(100 + 200 + 300)
  })

  it('counts restarts in a window that slides, and the backoff begins anew when they have left it', async () => {
    const waits: (readonly [attempt: number, elapsed: number])[] = []
    await virtually(async manager => {
      const backoff = ({ attempt, elapsed }: { attempt: number; elapsed: number }) => {
        waits.push([attempt, elapsed])
        return 0
      }
      // At most two within 100 ms, but many in all.
      const work = async ({ attempt }: TaskContext) => {
        await delay(attempt === 5 ? 200 : attempt % 2 === 0 ? 10 : 90)
        if (attempt < 8) throw new Error(`run ${attempt}`)
      }
      await manager.supervise(work, { maxRestarts: 2, per: 100, backoff })
    })
    const ended = [90, 100, 190, 200, 400, 410, 500]
    expect(waits).toEqual([1, 2, 2, 2, 1, 2, 2].map((attempt, index) => [attempt, ended[index]]))
  })

  it('has a run that is late fail, waits for its end, and ends at the deadline', async () => {
    await virtually(async manager => {
      let running = 0
      const work = (task: TaskContext) =>
        listening(task, async signal => {
          running += 1
          expect(running).toBe(1)
          await untilAborted(signal, 5).finally(() => {
            running -= 1
          })
        })
      const options = { timeout: 10, wait: 10, backoff: 'linear', maxRestarts: 2, per: 1_000 } as const
      const error = await failureOf(manager.supervise(work, options))
      expect(error).toBeInstanceOf(TooManyRestartsError)
      expect((error as Error).cause).toBeInstanceOf(TaskTimeoutError)
      const late = manager.supervise(work, { ...options, deadline: 30 })
      expect(await failureOf(late)).toMatchObject({ code: 'ERR_TASK_TIMEOUT', limit: 30 })
    })
  })

  it('holds no slot while it waits', async () => {
    await virtually(async manager => {
      const handle = manager.supervise(failing(...errors.slice(0, 1)), { wait: 100 })
      await delay(1)
      expect(handle.status).toBe('pending')
      expect(await manager.spawn(() => 'meanwhile')).toBe('meanwhile')
      expect(manager.stats()).toMatchObject({ running: 0, pending: 1 })
      expect(await handle).toBe('run 2')
    }, 1)
  })

  it('is restarted no more when it was cancelled, between two runs, within one, and by close', async () => {
    await virtually(async manager => {
      let begun = 0
      const work = async () => {
        begun += 1
        await delay(10)
        throw new Error('again')
      }
      const waiting = manager.supervise(work, { wait: 100 })
      await delay(50)
      expect(await waiting.cancel()).toBe(true)
      const running = manager.supervise(listener(work), { wait: 0 })
      await delay(5)
      await running.cancel()
      expect(running.exception()).toMatchObject({ message: 'again' })
      expect(begun).toBe(2)
      const closed = manager.supervise(work, { restart: 'always', wait: 5, maxRestarts: Number.POSITIVE_INFINITY })
      await delay(100)
      const report = await manager.close({ timeout: 0, pending: 'cancel' })
      expect(closed.done()).toBe(true)
      expect(report.abandoned.length).toBeLessThanOrEqual(1)
    })
  })

  it('tells of each restart, after the start of the run', async () => {
    const log: string[] = []
    await virtually(async manager => {
      for (const event of ['submitted', 'started', 'retrying', 'restarted', 'done'] as const) {
        manager.on(event, ({ record }) => log.push(`${event} ${record.attempt}`))
      }
      await manager.supervise(failing(...errors.slice(0, 1)), { wait: 1 })
      await delay(1)
    })
    expect(log).toEqual(['submitted 0', 'started 1', 'retrying 1', 'started 2', 'restarted 2', 'done 2'])
  })

  it('runs operations, with limits, and keeps the latest runs in its record', async () => {
    await virtually(async manager => {
      const runs = 1_000
      const handle = manager.supervise(
        function* ({ attempt }) {
          if (attempt < runs) throw new Error(`run ${attempt}`)
          return attempt
        },
        { wait: 0, maxRestarts: Number.POSITIVE_INFINITY },
      )
      const value: number = await handle
      expect(value).toBe(runs)
      const { attempt, attempts } = handle.record()
      expect(attempt).toBe(runs)
      expect(attempts).toHaveLength(101)
      expect(attempts[0]?.error).toMatchObject({ message: 'run 900' })
      expect(attempts.at(-1)).toHaveProperty('endedAt')
    })
  })

  it('shows as many runs as there were while it waits for the next', async () => {
    await virtually(async manager => {
      const failed = ({ attempt }: TaskContext) => Promise.reject(new Error(`run ${attempt}`))
      const backoff = ({ attempt }: { attempt: number }) => (attempt < 64 ? 0 : 50)
      const handle = manager.supervise(failed, { backoff, maxRestarts: Number.POSITIVE_INFINITY, per: 1_000_000 })
      await delay(10_000)
      const { attempt, attempts } = handle.record()
      expect(handle.status).toBe('pending')
      expect(attempts).toHaveLength(100)
      expect(attempts.at(-1)?.error).toMatchObject({ message: `run ${attempt}` })
      await handle.cancel()
    })
  })

  it('is not started again when its backoff function fails, and says so', async () => {
    const logged: unknown[] = []
    const thrown = new Error('backoff')
    await virtually(
      async manager => {
        const backoff = () => {
          throw thrown
        }
        expect(await failureOf(manager.supervise(failing(...errors), { backoff }))).toBe(errors[0])
        expect(await manager.supervise(() => 'value', { restart: 'always', backoff })).toBe('value')
      },
      { logger: { error: error => logged.push(error) } },
    )
    expect(logged).toContain(thrown)
  })

  it('does not take the default retries, but other defaults', async () => {
    await virtually(
      async manager => {
        const error = await failureOf(manager.supervise(failing(...errors), { maxRestarts: 1, wait: 1 }))
        expect(error).toBeInstanceOf(TooManyRestartsError)
        const late = manager.supervise(({ signal }) => untilAborted(signal), { maxRestarts: 0 })
        expect(((await failureOf(late)) as Error).cause).toMatchObject({ limit: 7 })
      },
      { defaults: { retry: 10, timeout: 7 } },
    )
  })

  it('is there on the manager of a runner, with a record', async () => {
    await runVirtual(async () => {
      await using runner = await TaskRunner.start()
      const handle = runner.manager.supervise(failing(...errors.slice(0, 1)), { wait: 1 })
      await handle
      expect(runner.getRecord(handle.id)).toMatchObject({ status: 'done', attempt: 2 })
    })
  })

  it('refuses wrong options and wrong work', async () => {
    const manager = await TaskManager.start()
    const wrong = (options: object) => () => manager.supervise(() => {}, options)
    expect(wrong({ retry: 3 })).toThrow(/retry/)
    expect(wrong({ maxRestart: 3 })).toThrow(/maxRestarts/)
    expect(wrong({ restart: 'never' })).toThrow(RangeError)
    expect(wrong({ maxRestarts: -1 })).toThrow(RangeError)
    expect(wrong({ per: 0 })).toThrow(RangeError)
    expect(wrong({ backoff: 'slow' })).toThrow(RangeError)
    expect(wrong({ wait: Number.NaN })).toThrow(RangeError)
    expect(wrong({ jitter: 2 })).toThrow(RangeError)
    expect(() => manager.supervise('work' as never)).toThrow(TypeError)
    await manager.close()
    expect(() => manager.supervise(() => {})).toThrow(ManagerClosedError)
  })

  it('never runs twice at a time, and not after its cancel, whenever that comes', async () => {
    for (let time = 0; time < 60; time += 1) {
      // At those of 5 ms a run begins or ends.
      if (time % 5 === 0) continue
      for (const heeds of [true, false]) {
        await virtually(
          async manager => {
            let running = 0
            let cancelled = false
            const work = async ({ attempt, signal }: TaskContext) => {
              running += 1
              expect(running).toBe(1)
              expect(cancelled).toBe(false)
              const stopped = heeds ? untilAborted(signal, 3) : new Promise<never>(() => {})
              await Promise.race([delay(10), stopped]).finally(() => {
                running -= 1
              })
              throw new Error(`run ${attempt}`)
            }
            const options = { wait: 5, backoff: 'linear', maxRestarts: 2, per: 1_000 } as const
            const handle = manager.supervise(work, options)
            handle.catch(() => {})
            await delay(time)
            const stopped = handle.cancel('enough')
            cancelled = true
            const inTime = await stopped
            expect(running).toBe(0)
            const { status, attempt } = handle.record()
            expect(status === 'failed' || inTime).toBe(true)
            if (time >= 45) expect(handle.exception()).toBeInstanceOf(TooManyRestartsError)
            else expect(attempt).toBe(time < 15 ? 1 : time < 35 ? 2 : 3)
          },
          { cleanupTimeout: 50 },
        )
      }
    }
  })
})

/** Hears, and fails all the same. */
function listener(work: () => Promise<never | void>) {
  return (task: TaskContext) => listening(task, () => work())
}
