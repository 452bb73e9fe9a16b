import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { TaskManager, type TaskStatusEvent } from '../../src/index.ts'
import { settle } from '../harness.ts'
import { delay, failureOf, forever, listening, untilAborted } from '../work.ts'
import { within } from './within.ts'

const TYPES = ['submitted', 'started', 'progress', 'stopping', 'done', 'failed', 'cancelled', 'abandoned'] as const

/** Everything that happens, as `type id`. */
function follow(manager: TaskManager): string[] {
  const log: string[] = []
  for (const type of TYPES) manager.on(type, event => log.push(`${event.type} ${event.record.id}`))
  manager.on('drained', event => log.push(event.type))
  manager.on('closed', event => log.push(event.type))
  return log
}

describe('events', () => {
  it('tell the life of a task in order', async () => {
    await within({}, async manager => {
      const log = follow(manager)
      await manager.spawn(async task => {
        task.progress(0.5)
        await delay(10)
      })
      await manager.close()
      await settle()
      expect(log).toEqual(['submitted 1', 'started 1', 'progress 1', 'done 1', 'drained', 'closed'])
    })
  })

  it('tell a failure and a cancel', async () => {
    await within({}, async manager => {
      const log = follow(manager)
      await failureOf(manager.spawn(() => Promise.reject('no')))
      await manager.spawn(forever).cancel()
      await settle()
      expect(log).toEqual(['submitted 1', 'started 1', 'failed 1', 'drained', 'submitted 2', 'cancelled 2', 'drained'])
    })
  })

  it('tell that a task is stopping, and that it was abandoned', async () => {
    await within({ cleanupTimeout: 50 }, async manager => {
      const log = follow(manager)
      const clean = manager.spawn(({ signal }) => untilAborted(signal, 10))
      const stuck = manager.spawn(task => listening(task, forever))
      await settle()
      clean.cancel()
      stuck.cancel()
      await manager.drain()
      await settle()
      expect(log).toEqual([
        'submitted 1',
        'submitted 2',
        'started 1',
        'started 2',
        'stopping 1',
        'stopping 2',
        'cancelled 1',
        'abandoned 2',
        'cancelled 2',
        'drained',
      ])
    })
  })

  it('tell that work was abandoned that could not hear, when its slot is given up', async () => {
    await within({ cleanupTimeout: 50 }, async manager => {
      const log = follow(manager)
      const deaf = manager.spawn(forever)
      await settle()
      const cancelled = deaf.cancel()
      await settle()
      expect(log.slice(2)).toEqual(['stopping 1', 'cancelled 1'])
      await cancelled
      await settle()
      expect(log.slice(4)).toEqual(['abandoned 1', 'drained'])
    })
  })

  it('carry the record of that very moment', async () => {
    const manager = await TaskManager.start()
    const events: TaskStatusEvent[] = []
    for (const type of TYPES) manager.on(type, event => events.push(event))
    await manager.spawn(() => 5)
    await settle()
    expect(events.map(({ type, record }) => [type, record.status])).toEqual([
      ['submitted', 'pending'],
      ['started', 'running'],
      ['done', 'done'],
    ])
    expect(events[0]?.record).not.toHaveProperty('result')
    expect(events[2]?.record.result).toBe(5)
  })

  it('come in a microtask of their own, never in the middle of a call', async () => {
    const manager = await TaskManager.start()
    const log = follow(manager)
    manager.spawn(() => 1)
    expect(log).toEqual([])
    await settle()
    expect(log).toEqual(['submitted 1', 'started 1', 'done 1', 'drained'])
  })

  it('of closed carry the report', async () => {
    const manager = await TaskManager.start()
    const closed = vi.fn()
    manager.on('closed', closed)
    await manager.spawn(() => 1)
    const report = await manager.close()
    await manager.close()
    await settle()
    expect(closed.mock.calls).toEqual([[{ type: 'closed', report }]])
  })

  it('of drained come each time that all is done, once', async () => {
    const manager = await TaskManager.start()
    const log: string[] = []
    manager.on('drained', () => log.push('drained'))
    await settle()
    expect(log).toEqual([])
    await Promise.all([manager.spawn(() => 1), manager.spawn(() => 2)])
    await settle()
    expect(log).toEqual(['drained'])
    await manager.spawn(() => 3)
    await settle()
    expect(log).toEqual(['drained', 'drained'])
  })
})

describe('on', () => {
  it('gives the function that ends it', async () => {
    const manager = await TaskManager.start()
    const [one, other] = [vi.fn(), vi.fn()]
    const off = manager.on('done', one)
    manager.on('done', other)
    await manager.spawn(() => 1)
    await settle()
    off()
    off()
    await manager.spawn(() => 2)
    await settle()
    expect(one).toHaveBeenCalledTimes(1)
    expect(other).toHaveBeenCalledTimes(2)
  })

  it('calls the same function as often as it was added', async () => {
    const manager = await TaskManager.start()
    const listener = vi.fn()
    const off = manager.on('done', listener)
    manager.on('done', listener)
    await manager.spawn(() => 1)
    await settle()
    expect(listener).toHaveBeenCalledTimes(2)
    off()
    await manager.spawn(() => 2)
    await settle()
    expect(listener).toHaveBeenCalledTimes(3)
  })

  it.each([
    ['finished', () => {}, RangeError, /event must be one of 'submitted'.*got "finished"/],
    [1, () => {}, TypeError, /event must be one of/],
    ['done', undefined, TypeError, /listener must be a function, got undefined/],
  ])('refuses what is wrong: %j', async (event, listener, type, message) => {
    const manager = await TaskManager.start()
    const attempt = () => manager.on(event as 'done', listener as () => void)
    expect(attempt).toThrow(type)
    expect(attempt).toThrow(message)
  })

  it('types the event by its name', async () => {
    const manager = await TaskManager.start()
    manager.on('done', event => expectTypeOf(event).toEqualTypeOf<TaskStatusEvent>())
    manager.on('closed', event => expectTypeOf(event.report.done).toEqualTypeOf<number>())
    expectTypeOf(manager.on).returns.toEqualTypeOf<() => void>()
  })
})

describe('a listener', () => {
  it('that throws breaks nothing: the others are called and it is logged', async () => {
    const logger = { error: vi.fn() }
    const manager = await TaskManager.start({ logger })
    const error = new Error('a listener broke')
    const other = vi.fn()
    manager.on('done', () => {
      throw error
    })
    manager.on('done', other)
    expect(await manager.spawn(() => 5)).toBe(5)
    await settle()
    expect(other).toHaveBeenCalledOnce()
    expect(logger.error.mock.calls).toEqual([[error, 'an event listener threw']])
  })

  it('may spawn, cancel and close', async () => {
    const manager = await TaskManager.start({ maxTasks: 1 })
    const victim = { cancel: () => {} }
    const off = manager.on('started', () => {
      off()
      manager.spawn(() => 'spawned by a listener')
      victim.cancel()
      manager.close()
    })
    manager.spawn(() => 1)
    const pending = manager.spawn(forever)
    victim.cancel = () => void pending.cancel()
    await settle()
    expect(await manager.close()).toMatchObject({ done: 2, cancelled: 1 })
  })

  it('that ends itself while it is called lets the others be called', async () => {
    const manager = await TaskManager.start()
    const other = vi.fn()
    const off = manager.on('done', () => off())
    manager.on('done', other)
    await manager.spawn(() => 1)
    await settle()
    expect(other).toHaveBeenCalledOnce()
  })
})
