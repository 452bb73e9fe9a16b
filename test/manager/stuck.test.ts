import { describe, expect, it, vi } from 'vitest'
import {
  resourceLimit,
  type StuckEvent,
  type TaskHandle,
  TaskManager,
  type TaskManagerOptions,
  TaskRunner,
} from '../../src/index.ts'
import { createGate, runVirtual } from '../../src/testing.ts'
import { delay, forever } from '../work.ts'

const AFTER = 1_000

/** What happens in `milliseconds` of virtual time with a manager that tells of tasks after {@link AFTER}. */
async function told(
  body: (manager: TaskManager) => unknown,
  { milliseconds = 10 * AFTER, ...options }: TaskManagerOptions & { milliseconds?: number } = {},
) {
  const warn = vi.fn((_event: object, _message: string) => {})
  const { value } = await runVirtual(async () => {
    const manager = await TaskManager.start({ name: 'm', stuckAfter: AFTER, logger: { error() {}, warn }, ...options })
    const startedAt = performance.now()
    const events: (StuckEvent & { at: number })[] = []
    manager.on('stuck', event => events.push({ ...event, at: performance.now() - startedAt }))
    await body(manager)
    await delay(startedAt + milliseconds - performance.now())
    return { events, warn, manager, short: events.map(({ record, waitsFor, at }) => [record.id, waitsFor.kind, at]) }
  })
  return value
}

describe('stuckAfter', () => {
  it('tells of a task that runs without a sign of life, once', async () => {
    const { events } = await told(manager => void manager.spawn(forever, { name: 'import' }))
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({
      type: 'stuck',
      record: { id: 1, name: 'import', status: 'running' },
      for: AFTER,
      waitsFor: { kind: 'work' },
      at: AFTER,
    })
    expect(events[0]?.since).toBe(events[0]?.record.updatedAt)
  })

  it('takes progress as a sign of life, and tells again of a task that stands still again', async () => {
    const { short } = await told(manager => {
      manager.spawn(async task => {
        for (let beat = 0; beat < 5; beat++) {
          await delay(AFTER * 0.9)
          task.progress(beat / 10)
        }
        await delay(AFTER * 3)
        task.progress(1)
        await forever()
      })
    })
    expect(short).toEqual([
      [1, 'work', 5_500],
      [1, 'work', 8_500],
    ])
  })

  it('tells of a task that was spawned after one that moves', async () => {
    const { short } = await told(
      manager => {
        manager.spawn(async task => {
          for (;;) {
            await delay(AFTER / 2)
            task.progress(0)
          }
        })
        manager.spawn(forever)
      },
      { milliseconds: 3 * AFTER },
    )
    expect(short).toEqual([[2, 'work', AFTER]])
  })

  it('tells nothing of tasks that move in time, and none of many short ones', async () => {
    const { events, warn } = await told(async manager => {
      for (let round = 0; round < 20; round++) {
        for (let task = 0; task < 5; task++) manager.spawn(() => delay(400))
        await delay(400)
      }
    })
    expect(events).toEqual([])
    expect(warn).not.toHaveBeenCalled()
  })

  it('says what each waits for', async () => {
    const limit = resourceLimit({ key: 'disk', capacity: 1 })
    const { events } = await told(
      async manager => {
        const holder = manager.spawn(forever, { limits: limit, name: 'holder' })
        manager.spawn(forever, { limits: limit })
        manager.spawn(() => holder)
        manager.spawn(
          () => {
            throw new Error('again')
          },
          { retry: { retries: 1, wait: 5 * AFTER } },
        )
        manager.spawn(() => forever())
        manager.spawn(forever)
        await delay(1)
        manager.get(6)
      },
      { maxTasks: 3, deadlockAfter: Number.POSITIVE_INFINITY, milliseconds: 2 * AFTER },
    )
    const waits = Object.fromEntries(events.map(({ record, waitsFor }) => [record.id, waitsFor]))
    expect(waits).toMatchObject({
      1: { kind: 'work' },
      2: { kind: 'limit', names: ['disk'] },
      3: { kind: 'task', tasks: [{ id: 1, label: 'task 1 "holder"' }] },
      4: { kind: 'retry' },
      5: { kind: 'work' },
      6: { kind: 'slot' },
    })
    const retry = waits[4] as { at: number }
    expect(retry.at - (events[3]?.record.updatedAt ?? 0)).toBe(5 * AFTER)
  })

  it('says that a manager is paused, and that work does not stop', async () => {
    const { short } = await told(
      async manager => {
        const stubborn = manager.spawn(async task => {
          task.signal.throwIfAborted()
          await forever()
        })
        await delay(10)
        manager.pause()
        manager.spawn(forever)
        void stubborn.cancel()
      },
      { cleanupTimeout: 3 * AFTER, milliseconds: 2 * AFTER },
    )
    expect(short).toEqual([
      [1, 'cleanup', 1_125],
      [2, 'resume', 1_125],
    ])
  })

  it('takes the beginning of a wait as a sign of life', async () => {
    const { short } = await told(
      manager => {
        const other: TaskHandle<void> = manager.spawn(() => delay(5 * AFTER))
        manager.spawn(async () => {
          await delay(900)
          await other
        })
      },
      { milliseconds: 3 * AFTER },
    )
    expect(short).toEqual([
      [1, 'work', 1_000],
      [2, 'task', 1_900],
    ])
  })

  it('warns once a minute, of all that stand still, and names three', async () => {
    const { warn } = await told(
      async manager => {
        for (let task = 0; task < 5; task++) manager.spawn(forever, { name: `n${task + 1}` })
        await delay(30_000)
        manager.spawn(forever)
      },
      { milliseconds: 200_000 },
    )
    expect(warn.mock.calls.map(([, message]) => message)).toEqual([
      'm: 5 tasks stand still: task 1 "n1" runs without a sign of life (for 1000 ms); task 2 "n2" runs without a sign of life (for 1000 ms); task 3 "n3" runs without a sign of life (for 1000 ms); 2 more',
      'm: 6 tasks stand still: task 6 runs without a sign of life (for 31 s); 5 more',
    ])
    expect(warn.mock.calls[0]?.[0]).toMatchObject({ type: 'stuck', count: 5, events: [{ record: { id: 1 } }, {}, {}] })
  })

  it('does not warn of what has moved before the minute was over', async () => {
    const gate = createGate()
    const { warn } = await told(
      async manager => {
        manager.spawn(forever)
        await delay(2_000)
        manager.spawn(() => gate)
        await delay(10_000)
        gate.open()
      },
      { milliseconds: 100_000 },
    )
    expect(warn).toHaveBeenCalledTimes(1)
  })

  it('tells of very many in pieces, the first spawned first', async () => {
    const { events, warn } = await told(
      manager => {
        manager.pause()
        for (let task = 0; task < 25_000; task++) manager.spawn(forever)
      },
      { milliseconds: 3 * AFTER },
    )
    expect(events.length).toBe(25_000)
    expect(events.map(({ record }) => record.id)).toEqual(events.map((_, index) => index + 1))
    expect(new Set(events.slice(0, 1_000).map(({ at }) => at))).toEqual(new Set([1_000]))
    expect(events[1_000]?.at).toBe(1_001)
    expect(warn).toHaveBeenCalledTimes(1)
  })

  it('has no timer left when everything has ended, and none once all that is left was told of', async () => {
    const { value, elapsed } = await runVirtual(async () => {
      const manager = await TaskManager.start({ stuckAfter: AFTER, logger: false })
      await manager.spawn(() => 1)
      const other = await TaskManager.start({ stuckAfter: AFTER, logger: false })
      other.spawn(forever)
      // Nothing but timers of the managers is left: without any the virtual clock would say so.
      return await new Promise(() => {})
    }).catch(error => ({ value: error.code, elapsed: undefined }))
    expect([value, elapsed]).toEqual(['ERR_DEADLOCK', undefined])
  })

  it('tells among the events of a runner, and warns by its logger', async () => {
    const warn = vi.fn((_event: object, _message: string) => {})
    const { value } = await runVirtual(async () => {
      const runner = await TaskRunner.start({ name: 'r', stuckAfter: 50, logger: { error() {}, warn } })
      const types: string[] = []
      const events = runner.events()
      const reading = (async () => {
        for await (const event of events) types.push(event.type)
      })()
      runner.submit(forever)
      await delay(100)
      await runner.shutdown()
      await reading
      return types
    })
    expect(value).toContain('stuck')
    expect(warn.mock.calls.map(([, message]) => message).slice(0, 1)).toEqual([
      'r: 1 task stands still: task 1 runs without a sign of life (for 50 ms)',
    ])
  })

  it('changes nothing for anybody when the logger and a listener throw', async () => {
    const { value } = await runVirtual(async () => {
      const logger = {
        error() {},
        get warn(): never {
          throw new Error('no')
        },
      }
      const manager = await TaskManager.start({ stuckAfter: 10, logger })
      manager.on('stuck', () => {
        throw new Error('no')
      })
      return await manager.spawn(() => delay(100, 'value'))
    })
    expect(value).toBe('value')
  })

  it.each([0, -1, Number.NaN])('refuses %s', async value => {
    await expect(TaskManager.start({ stuckAfter: value })).rejects.toThrow(RangeError)
  })

  it('refuses what is no number', async () => {
    await expect(TaskManager.start({ stuckAfter: '1' as never })).rejects.toThrow(TypeError)
  })
})
