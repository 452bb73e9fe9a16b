import { AsyncLocalStorage } from 'node:async_hooks'
import { install } from '@sinonjs/fake-timers'
import { describe, expect, it } from 'vitest'
import { now, startTimer } from '../../src/base/clock.ts'
import {
  type EveryOptions,
  ManagerClosedError,
  type TaskContext,
  TaskManager,
  type TaskManagerOptions,
} from '../../src/index.ts'
import { runVirtual } from '../../src/testing.ts'
import { delay, forever, untilAborted } from '../work.ts'

const DAY = 86_400_000

async function virtually(
  body: (manager: TaskManager) => Promise<void>,
  options: TaskManagerOptions & { readonly horizon?: number } = {},
): Promise<void> {
  const { horizon = DAY, ...rest } = options
  await runVirtual(
    async () => {
      await using manager = await TaskManager.start(rest)
      await body(manager)
    },
    { horizon },
  )
}

/** When each run of `work` began, counted from the call. */
async function beginnings(
  manager: TaskManager,
  ms: number,
  until: number,
  work: (task: TaskContext, run: number) => unknown,
  options?: EveryOptions,
) {
  const begun: number[] = []
  const from = now()
  const every = manager.every(
    ms,
    task => {
      begun.push(now() - from)
      return work(task, begun.length)
    },
    options,
  )
  // Longer than `setTimeout` can wait.
  await new Promise<void>(resolve => startTimer(until, resolve))
  await every.stop()
  return { begun, every }
}

describe('every', () => {
  it('runs the work at each interval from the call on, and once more at once with `immediate`', async () => {
    await virtually(async manager => {
      expect((await beginnings(manager, 100, 350, () => {})).begun).toEqual([100, 200, 300])
      expect((await beginnings(manager, 100, 250, () => {}, { immediate: true })).begun).toEqual([0, 100, 200])
    })
  })

  it('does not drift in a year of hours, though each run takes its time', async () => {
    await virtually(
      async manager => {
        const hour = 3_600_000
        const { begun, every } = await beginnings(manager, hour, 365 * DAY + 1, () => delay(1_234))
        expect(begun.length).toBe(365 * 24)
        expect(begun.every((at, index) => at === (index + 1) * hour)).toBe(true)
        expect(every.skipped).toBe(0)
      },
      { horizon: 366 * DAY },
    )
  })

  it('takes intervals that no timer can wait for at once', async () => {
    await virtually(
      async manager => {
        expect((await beginnings(manager, 60 * DAY, 130 * DAY, () => {})).begun).toEqual([60 * DAY, 120 * DAY])
      },
      { horizon: 200 * DAY },
    )
  })

  it('leaves out a beat while a run goes on', async () => {
    await virtually(async manager => {
      const { begun, every } = await beginnings(manager, 100, 650, (_, run) => delay(run === 1 ? 250 : 10))
      expect(begun).toEqual([100, 400, 500, 600])
      expect(every.skipped).toBe(2)
    })
  })

  it('lets runs follow one another with `queue`, never two at a time', async () => {
    await virtually(async manager => {
      const { begun, every } = await beginnings(manager, 100, 650, (_, run) => delay(run === 1 ? 250 : 10), {
        overlap: 'queue',
      })
      expect(begun).toEqual([100, 350, 360, 400, 500, 600])
      expect(every.skipped).toBe(0)
    })
  })

  it('cancels a run that is late with `cancel`, and begins once it has stopped', async () => {
    await virtually(async manager => {
      const log: string[] = []
      const { begun } = await beginnings(
        manager,
        100,
        350,
        ({ signal }, run) =>
          run === 1 ? untilAborted(signal, 30).finally(() => log.push('stopped')) : log.push('next'),
        { overlap: 'cancel' },
      )
      expect(log).toEqual(['stopped', 'next', 'next'])
      expect(begun).toEqual([100, 230, 300])
    })
  })

  it('has one beat after a suspension, not all that were missed, and keeps its time when the clock is set', async () => {
    const clock = install({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
    try {
      const manager = await TaskManager.start()
      const begun: number[] = []
      const every = manager.every(100, () => begun.push(now()))
      const from = now()
      await clock.tickAsync(150)
      clock.jump(1_000) // to 1,150, with no timer in between
      await clock.tickAsync(0)
      expect(every.skipped).toBe(9)
      clock.setSystemTime(5)
      await clock.tickAsync(100)
      expect(begun.map(at => at - from)).toEqual([100, 1_150, 1_200])
      expect(every.next?.getTime()).toBe(5 + 100 + 50)
      await manager.close()
    } finally {
      clock.uninstall()
    }
  })

  it('counts as over a run only once its work has stopped, also with a timeout', async () => {
    await virtually(
      async manager => {
        const { begun } = await beginnings(manager, 100, 450, (_, run) => delay(run === 1 ? 170 : 1), {
          overlap: 'queue',
          timeout: 50,
          retry: 0,
        })
        // The first has failed after 50 ms, and its work ends 170 ms after its beginning.
        expect(begun).toEqual([100, 200, 300, 400])
      },
      { cleanupTimeout: 1_000, onError: () => {} },
    )
  })

  it('tells when the next beat is due, and of its latest run', async () => {
    await virtually(async manager => {
      const every = manager.every(1_000, () => 'done')
      expect(every.last).toBe(undefined)
      expect(every.next?.getTime()).toBe(Date.now() + 1_000)
      await delay(1_200)
      expect(await every.last).toBe('done')
      expect(every.next?.getTime()).toBe(Date.now() + 800)
      await every.stop()
      expect(every.next).toBe(undefined)
    })
  })

  it('goes on after a run that fails, which onError hears of', async () => {
    const told: unknown[] = []
    await virtually(
      async manager => {
        const { begun } = await beginnings(manager, 10, 35, (_, run) => {
          if (run === 1) throw new Error('once')
        })
        expect(begun).toEqual([10, 20, 30])
      },
      { onError: error => told.push(error) },
    )
    expect(told).toEqual([new Error('once')])
  })

  it('has stopped when `stop`, or disposing, has: no beat, and nothing of the latest run', async () => {
    await virtually(async manager => {
      let stopped = false
      {
        await using every = manager.every(10, ({ signal }) => untilAborted(signal, 5).finally(() => (stopped = true)))
        await delay(15)
        expect(every.last?.status).toBe('running')
      }
      expect(stopped).toBe(true)
      await delay(100)
      expect(manager.stats()).toMatchObject({ cancelled: 1, pending: 0, running: 0 })
    })
  })

  it('follows its signal', async () => {
    await virtually(async manager => {
      const controller = new AbortController()
      const every = manager.every(10, ({ signal }) => untilAborted(signal), { signal: controller.signal })
      await delay(15)
      controller.abort('enough')
      expect(await every.last?.catch(error => error.cause)).toBe('enough')
      expect(every.next).toBe(undefined)
      expect(manager.every(10, forever, { signal: controller.signal }).next).toBe(undefined)
    })
  })

  it('ends with its manager, and leaves no timer', async () => {
    await virtually(async manager => {
      const every = manager.every(10 * DAY, forever)
      await manager.close()
      await delay(1)
      expect(every.next).toBe(undefined)
      expect(() => manager.every(1, forever)).toThrow(ManagerClosedError)
    })
  })

  it('has no beat while its manager closes', async () => {
    await virtually(async manager => {
      const every = manager.every(10, forever)
      manager.spawn(() => delay(25))
      await delay(1)
      const closed = manager.close()
      await delay(15)
      expect(every.next).toBe(undefined)
      expect((await closed).cancelled).toBe(0)
    })
  })

  it('skips a beat that finds the queue full', async () => {
    await virtually(
      async manager => {
        manager.spawn(() => delay(25))
        await null
        await null
        const waiting = manager.spawn(() => 'waited')
        const { begun, every } = await beginnings(manager, 10, 35, () => {})
        expect(await waiting).toBe('waited')
        expect(begun).toEqual([30])
        expect(every.skipped).toBe(2)
      },
      { maxTasks: 1, maxPending: 1 },
    )
  })

  it('runs in the async context of the call', async () => {
    await virtually(async manager => {
      const storage = new AsyncLocalStorage<string>()
      const seen: unknown[] = []
      const every = storage.run('here', () => manager.every(10, () => void seen.push(storage.getStore())))
      await delay(25)
      await every.stop()
      expect(seen).toEqual(['here', 'here'])
    })
  })

  it('refuses what it cannot do', async () => {
    await using manager = await TaskManager.start()
    expect(() => manager.every(0, forever)).toThrow(RangeError)
    expect(() => manager.every(Number.POSITIVE_INFINITY, forever)).toThrow(RangeError)
    expect(() => manager.every(1, 'work' as never)).toThrow(TypeError)
    expect(() => manager.every(1, forever, { overlap: 'both' as 'skip' })).toThrow(/overlap/)
    expect(() => manager.every(1, forever, { imediate: true } as object)).toThrow(/immediate/)
    expect(() => manager.every(1, forever, { timeout: -1 })).toThrow(/timeout/)
    expect(() => manager.every(1, forever, { signal: {} as AbortSignal })).toThrow(/signal/)
  })
})
