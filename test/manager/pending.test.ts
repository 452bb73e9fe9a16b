import { describe, expect, it } from 'vitest'
import { resourceLimit, type SpawnOptions, type TaskManager, TaskRunner } from '../../src/index.ts'
import { autojump, settle } from '../harness.ts'
import { delay, failureOf, untilAborted } from '../work.ts'
import { within, withinSupervised } from './within.ts'

describe('cancelPending', () => {
  it('cancels what has not started, between two attempts too, and nothing that runs', async () => {
    await within({ maxTasks: 1 }, async manager => {
      const retried = manager.spawn(() => Promise.reject('no'), { retry: { retries: 1, wait: 1_000 } })
      await settle()
      const running = manager.spawn(() => delay(10, 'ran'))
      await settle()
      const pending = [manager.spawn(() => 1), manager.spawn(() => 2)]
      expect(manager.handles('pending').map(handle => handle.id)).toEqual([1, 3, 4])
      expect(manager.handles('running').map(handle => handle.id)).toEqual([2])
      expect(await manager.cancelPending('not now')).toBe(3)
      expect(await manager.cancelPending()).toBe(0)
      for (const handle of [retried, ...pending]) expect(await failureOf(handle)).toMatchObject({ cause: 'not now' })
      expect(await running).toBe('ran')
      expect(await manager.spawn(() => 'later')).toBe('later')
      expect(() => manager.handles('done' as never)).toThrow(/status must be one of 'pending', 'running', 'stopping'/)
    })
  })
})

describe('pending tasks that need a limit', () => {
  it.each(['cancelPending', 'cancelAll'] as const)(
    'never start in %s, when one leaves room for the next',
    async cancel => {
      await within({ maxTasks: 5 }, async manager => {
        const limits = resourceLimit({ key: 'units', capacity: 2 })
        const running = manager.spawn(({ signal }) => untilAborted(signal), { limits })
        await settle()
        let started = 0
        const spawn = (units: number) => manager.spawn(() => void (started += 1), { limits, cost: { units } })
        const pending = [spawn(2), spawn(1)]
        await settle()
        await manager[cancel]('not now')
        expect(pending.map(handle => handle.status)).toEqual(['cancelled', 'cancelled'])
        await running.cancel()
        expect(started).toBe(0)
        expect(limits.stats()).toMatchObject({ used: 0, waiting: 0 })
        expect(await manager.spawn(() => 'later', { limits, cost: { units: 2 } })).toBe('later')
      })
    },
  )
})

describe('the priority of a pending task', () => {
  /** Spawns these while the one slot is taken, changes something, and gives the order in which they started. */
  async function orderOf(
    manager: TaskManager,
    options: readonly SpawnOptions[],
    change: (handles: ReturnType<TaskManager['spawn']>[]) => void,
  ): Promise<number[]> {
    const started: number[] = []
    manager.spawn(() => delay(10))
    await settle()
    const handles = options.map((each, index) => manager.spawn(() => void started.push(index), each))
    await settle()
    change(handles)
    await manager.drain()
    return started
  }

  it('can be changed: it goes behind those that have it already', async () => {
    await within({ maxTasks: 1 }, async manager => {
      const options = [{}, { priority: 5 }, {}, { priority: -1 }]
      const order = await orderOf(manager, options, ([a, b, c, d]) => {
        if (c !== undefined) c.priority = 5
        if (b !== undefined) b.priority = 0
        if (d !== undefined) d.priority = 9
        expect([a, b, c, d].map(each => each?.priority)).toEqual([0, 0, 5, 9])
        expect(d?.record().priority).toBe(9)
      })
      expect(order).toEqual([3, 2, 0, 1])
    })
  })

  it('can be changed in the tick of the spawn, and while it waits for limits', async () => {
    await within({ maxTasks: 1 }, async manager => {
      const started: string[] = []
      manager.spawn(() => void started.push('first'))
      manager.spawn(() => void started.push('second')).priority = 1
      await manager.drain()
      expect(started).toEqual(['second', 'first'])
      const limits = resourceLimit({ key: 'one', capacity: 1 })
      const order = await orderOf(manager, [{ limits }, { limits }], handles => {
        if (handles[1] !== undefined) handles[1].priority = 1
      })
      expect(order).toEqual([1, 0])
    })
  })

  it('can be changed while it waits for its place in the queue of a runner', async () => {
    await autojump(async () => {
      await using runner = await TaskRunner.start({ workers: 1, queueSize: 1, submitPolicy: 'wait' })
      const started: string[] = []
      const submit = (name: string) => runner.submit(() => delay(1).then(() => void started.push(name)))
      submit('runs')
      await settle()
      submit('queued')
      submit('waits')
      submit('goes first').priority = 1
      await runner.drain()
      expect(started).toEqual(['runs', 'queued', 'goes first', 'waits'])
    })
  })

  it('counts for the next attempt of a task that runs, and not for one that has ended', async () => {
    await within({ maxTasks: 1 }, async manager => {
      const started: string[] = []
      const retried = manager.spawn(
        ({ attempt }) => {
          started.push(`attempt ${attempt}`)
          return attempt === 1 ? delay(10).then(() => Promise.reject('again')) : undefined
        },
        { retry: { retries: 1, wait: 0 } },
      )
      await settle()
      retried.priority = 3
      manager.spawn(() => delay(5))
      manager.spawn(() => void started.push('other'))
      await manager.drain()
      expect(started).toEqual(['attempt 1', 'attempt 2', 'other'])
      retried.priority = 7
      expect(retried.priority).toBe(3)
    })
  })

  it('must be a number', async () => {
    await within({}, async manager => {
      const handle = manager.spawn(() => 1)
      expect(() => {
        handle.priority = 'high' as never
      }).toThrow(/priority must be a number, got "high"/)
      expect(() => {
        handle.priority = Number.NaN
      }).toThrow(RangeError)
    })
  })
})

describe('the event empty', () => {
  it('tells when the last pending task has started or was cancelled, and not of what still runs', async () => {
    await within({ maxTasks: 2 }, async manager => {
      const log: unknown[] = []
      const stop = manager.on('empty', event => log.push(event.type, manager.stats().running))
      for (let n = 0; n < 3; n += 1) manager.spawn(() => delay(10))
      await settle()
      expect(log).toEqual([])
      await delay(11)
      expect(log).toEqual(['empty', 2])
      const last = manager.spawn(() => delay(10))
      void last.cancel()
      await settle()
      expect(log).toEqual(['empty', 2, 'empty', 1])
      stop()
      await manager.drain()
      expect(log).toHaveLength(4)
    })
  })

  it('is not among the events of tasks', async () => {
    await using runner = await TaskRunner.start()
    runner.on('empty', () => {})
    const events = runner.events()
    await runner.submit(() => 1)
    await runner.close()
    const types: string[] = []
    for await (const { type } of events) types.push(type)
    expect(types).toEqual(['submitted', 'started', 'done', 'drained', 'closed'])
  })
})

describe('whenPendingBelow', () => {
  it('resolves when fewer are pending, and lets a producer keep pace', async () => {
    await within({ maxTasks: 1 }, async manager => {
      let most = 0
      for (let n = 0; n < 10; n += 1) {
        await manager.whenPendingBelow(2)
        manager.spawn(() => delay(10))
        most = Math.max(most, manager.stats().pending)
      }
      expect(most).toBe(2)
      await manager.drain()
    })
  })

  it('gives up at the timeout or the signal, and leaves nothing behind', async () => {
    await withinSupervised({ maxTasks: 1 }, async (manager, scheduler) => {
      manager.spawn(() => delay(100))
      manager.spawn(() => 1)
      await settle()
      expect(await failureOf(manager.whenPendingBelow(1, { timeout: 10 }))).toMatchObject({ code: 'ERR_TASK_TIMEOUT' })
      const signal = AbortSignal.abort('enough')
      expect(await failureOf(manager.whenPendingBelow(1, { signal }))).toBe('enough')
      expect(scheduler.pendingWaiters.size).toBe(0)
      await manager.whenPendingBelow(1)
      expect(manager.stats().pending).toBe(0)
      await expect(manager.whenPendingBelow(0)).rejects.toThrow(/count must be a positive integer or Infinity, got 0/)
    })
  })
})

describe('drain with a timeout', () => {
  it('rejects, and the work goes on', async () => {
    await withinSupervised({ maxTasks: 1 }, async (manager, scheduler) => {
      const handle = manager.spawn(() => delay(100, 'done'))
      expect(await failureOf(manager.drain({ timeout: 20 }))).toMatchObject({ code: 'ERR_TASK_TIMEOUT', limit: 20 })
      expect(await failureOf(manager.drain({ signal: AbortSignal.abort('enough') }))).toBe('enough')
      expect(scheduler.idleWaiters.size).toBe(0)
      expect(handle.status).toBe('running')
      await manager.drain({ timeout: 200 })
      expect(await handle).toBe('done')
      await manager.drain({ timeout: 0 })
      await expect(manager.drain({ timeout: -1 })).rejects.toThrow(RangeError)
    })
  })

  it('waits for tasks spawned meanwhile', async () => {
    await within({ maxTasks: 1 }, async manager => {
      const first = manager.spawn(() => delay(10))
      first.then(() => manager.spawn(() => delay(10)))
      await manager.drain({ timeout: 100 })
      expect(manager.stats().done).toBe(2)
    })
  })
})

describe('a runner', () => {
  it('pauses and resumes', async () => {
    await autojump(async () => {
      await using runner = await TaskRunner.start()
      runner.pause()
      const handle = runner.submit(() => 1)
      await delay(10)
      expect([handle.status, runner.stats().paused]).toEqual(['pending', true])
      runner.resume()
      expect(await handle).toBe(1)
      expect(await failureOf(runner.drain({ signal: AbortSignal.abort('enough') }))).toBe('enough')
    })
  })
})
