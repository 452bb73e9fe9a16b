import { type Clock, install } from '@sinonjs/fake-timers'
import { describe, expect, it } from 'vitest'
import { now } from '../../src/base/clock.ts'
import { QueueFullError, type SpawnOptions, TaskManager, TaskTimeoutError } from '../../src/index.ts'
import { createGate, runVirtual, settle } from '../../src/testing.ts'
import { delay, failureOf } from '../work.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365 * DAY

async function virtually(
  body: (manager: TaskManager) => Promise<void>,
  options: Parameters<typeof TaskManager.start>[0] = {},
  horizon = 2 * YEAR,
): Promise<void> {
  await runVirtual(
    async () => {
      await using manager = await TaskManager.start(options)
      await body(manager)
    },
    { horizon },
  )
}

/** With clocks that only the test turns, so that they can be set, and stand still. */
async function byHand(body: (manager: TaskManager, clock: Clock) => Promise<void>): Promise<void> {
  const clock = install({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
  try {
    const manager = await TaskManager.start()
    await body(manager, clock)
    expect(clock.countTimers()).toBe(0)
    await manager.close()
  } finally {
    clock.uninstall()
  }
}

describe('a task with a delay', () => {
  it('starts when that has passed, and is pending until then', async () => {
    await virtually(async manager => {
      const from = now()
      const handle = manager.spawn(() => now() - from, { delay: 5_000 })
      await delay(4_999)
      expect(handle.status).toBe('pending')
      expect(manager.stats()).toMatchObject({ pending: 1, running: 0 })
      expect(await handle).toBe(5_000)
    })
  })

  it('takes no slot, and lets others go before it', async () => {
    await virtually(async manager => {
      const order: string[] = []
      const later = manager.spawn(() => order.push('later'), { delay: 10, priority: 9 })
      await manager.spawn(async () => order.push('at once'))
      await later
      expect(order).toEqual(['at once', 'later'])
    }, 1)
  })

  it('waits for longer than a timer can', async () => {
    await virtually(async manager => {
      const from = now()
      expect(await manager.spawn(() => now() - from, { delay: YEAR })).toBe(YEAR)
    })
  })

  it('starts in the order of when they are due, then of priority, then of arrival', async () => {
    await virtually(async manager => {
      const order: string[] = []
      const add = (name: string, options: SpawnOptions) => manager.spawn(() => void order.push(name), options)
      add('second of 20', { delay: 20 })
      add('third of 20', { delay: 20 })
      add('first of 20', { delay: 20, priority: 1 })
      add('of 10', { delay: 10, priority: -1 })
      add('of 30', { delay: 30, priority: 5 })
      await manager.drain()
      expect(order).toEqual(['of 10', 'first of 20', 'second of 20', 'third of 20', 'of 30'])
    }, 1)
  })

  it('is at its place by a priority that was changed meanwhile', async () => {
    await virtually(async manager => {
      const order: string[] = []
      manager.spawn(() => void order.push('first'), { delay: 10 })
      manager.spawn(() => void order.push('second'), { delay: 10 }).priority = 1
      await manager.drain()
      expect(order).toEqual(['second', 'first'])
    }, 1)
  })

  it('waits for a slot, a limit and `resume` like any other once it is due', async () => {
    await virtually(async manager => {
      const gate = createGate()
      manager.spawn(() => gate)
      const handle = manager.spawn(() => now(), { delay: 10 })
      await delay(20)
      expect(handle.status).toBe('pending')
      manager.pause()
      gate.open()
      await settle()
      expect(handle.status).toBe('pending')
      manager.resume()
      await settle()
      expect(handle.status).toBe('done')
    }, 1)
  })

  it('is not delayed again when it is retried', async () => {
    await virtually(async manager => {
      const started: number[] = []
      const from = now()
      const work = () => {
        started.push(now() - from)
        if (started.length < 3) throw new Error('again')
      }
      await manager.spawn(work, { delay: 1_000, retry: { retries: 2, backoff: () => 10 } })
      expect(started).toEqual([1_000, 1_010, 1_020])
    })
  })

  it('is cancelled at once, by its handle and by its signal', async () => {
    await byHand(async manager => {
      const controller = new AbortController()
      const first = manager.spawn(() => 1, { delay: DAY })
      const second = manager.spawn(() => 2, { delay: DAY, signal: controller.signal })
      const third = manager.spawn(() => 3, { at: new Date(Date.now() + DAY) })
      expect(await first.cancel('no more')).toBe(true)
      expect(await failureOf(first)).toMatchObject({ cause: 'no more' })
      controller.abort('nor this')
      expect(second.status).toBe('cancelled')
      await third.cancel()
      await manager.drain()
    })
  })

  it('leaves the others their times when it is cancelled', async () => {
    await virtually(async manager => {
      const from = now()
      const handles = [5, 10, 15, 20].map(ms => manager.spawn(() => now() - from, { delay: ms }))
      await handles[0]?.cancel()
      await handles[2]?.cancel()
      expect(await handles[1]).toBe(10)
      expect(await handles[3]).toBe(20)
    })
  })

  it('fails when its deadline, which counts from the call, passes before', async () => {
    await virtually(async manager => {
      const from = now()
      const handle = manager.spawn(() => 1, { delay: 100, deadline: 50 })
      expect(await failureOf(handle)).toBeInstanceOf(TaskTimeoutError)
      expect(now() - from).toBe(50)
      expect(manager.stats()).toMatchObject({ pending: 0, failed: 1 })
    })
  })

  it('counts in `maxPending`, though slots are free', async () => {
    await virtually(
      async manager => {
        const first = manager.spawn(() => 1, { delay: 10 })
        manager.spawn(() => 2, { delay: 10 })
        expect(() => manager.spawn(() => 3, { delay: 10 })).toThrow(QueueFullError)
        expect(() => manager.spawn(() => 3, { at: new Date(Date.now() + 10) })).toThrow(QueueFullError)
        // What can start now waits for nobody.
        await manager.spawn(() => 4)
        await manager.spawn(() => 4, { delay: 0 })
        await manager.spawn(() => 4, { at: new Date(Date.now() - 1) })
        await first.cancel()
        await manager.spawn(() => 5, { delay: 10 })
      },
      { maxTasks: 1, maxPending: 2 },
    )
  })

  it('is waited for by `drain`, and by `close` for as long as its timeout says', async () => {
    await virtually(async manager => {
      const soon = manager.spawn(() => 'soon', { delay: 10 })
      await manager.drain()
      expect(soon.status).toBe('done')
      const due = manager.spawn(() => 'due', { delay: 50 })
      const late = manager.spawn(() => 'late', { delay: 1_000 })
      const report = await manager.close({ timeout: 100 })
      expect([due.status, late.status]).toEqual(['done', 'cancelled'])
      expect(report.neverStarted.map(({ id }) => id)).toEqual([late.id])
    })
  })

  it('says in its record when it is due', async () => {
    await virtually(async manager => {
      const at = new Date(Date.now() + HOUR)
      const [delayed, dated, plain] = [{ delay: 1_500 }, { at }, {}].map(options => manager.spawn(() => 1, options))
      const record = delayed?.record()
      expect(record?.notBefore).toBe((record?.createdAt ?? 0) + 1_500)
      expect(dated?.record().notBefore).toBe(at.getTime())
      expect(plain?.record()).not.toHaveProperty('notBefore')
      await manager.cancelAll()
    })
  })

  it('stands still only once it is due', async () => {
    await virtually(
      async manager => {
        const told: string[] = []
        manager.on('stuck', ({ record, waitsFor }) => told.push(`${record.name} ${waitsFor.kind}`))
        manager.spawn(() => new Promise(() => {}), { name: 'delayed', delay: 5_000 })
        manager.spawn(() => new Promise(() => {}), { name: 'dated', at: new Date(Date.now() + 5_000) })
        await delay(5_500)
        expect(told).toEqual([])
        await delay(1_500)
        expect(told).toEqual(['delayed work', 'dated work'])
        await manager.cancelAll()
      },
      { stuckAfter: 1_000, logger: false },
    )
  })

  it('may be that of a scope, of each item of a map, and of nothing that starts in the call', async () => {
    await virtually(async manager => {
      const from = now()
      expect(await manager.scope(scope => scope.spawn(() => now() - from, { delay: 10 }))).toBe(10)
      const times = manager.map([1, 2], () => now() - from, { delay: 5 })
      expect(await times.toArray()).toEqual([15, 15])
      expect(() => manager.spawn(() => 1, { delay: 1, startNow: true })).toThrow('startNow')
      expect(() => manager.every(10, () => 1, { delay: 1 } as object)).toThrow('"delay" must be a known option')
    })
  })

  it.each<[unknown, typeof TypeError, string]>([
    [{ delay: -1 }, RangeError, 'delay must be a finite number of milliseconds, zero or more, got -1'],
    [{ delay: Number.POSITIVE_INFINITY }, RangeError, 'delay must be'],
    [{ delay: Number.NaN }, RangeError, 'delay must be'],
    [{ delay: '5' }, TypeError, 'delay must be'],
    [{ at: 5 }, TypeError, 'at must be a Date, got 5'],
    [{ at: Object.create(Date.prototype) }, TypeError, 'at must be a Date'],
    [{ at: new Date(Number.NaN) }, RangeError, 'at must be a valid Date'],
    [{ delay: 0, at: new Date() }, TypeError, 'delay and at'],
  ])('is refused where it makes no sense: %o', async (options, type, message) => {
    await using manager = await TaskManager.start()
    const spawn = () => manager.spawn(() => 1, options as SpawnOptions)
    expect(spawn).toThrow(type)
    expect(spawn).toThrow(message)
    expect(manager.stats().pending).toBe(0)
  })
})

describe('a task with a time', () => {
  it('starts then, and at once when it is past', async () => {
    await virtually(async manager => {
      const from = Date.now()
      const at = new Date(from + 3 * HOUR)
      const handle = manager.spawn(() => Date.now(), { at })
      at.setTime(0) // read in the call
      expect(await manager.spawn(() => Date.now(), { at: new Date(from - 1) })).toBe(from)
      expect(await handle).toBe(from + 3 * HOUR)
    })
  })

  it('does so after a year', async () => {
    await byHand(async (manager, clock) => {
      const from = Date.now()
      const handle = manager.spawn(() => Date.now() - from, { at: new Date(from + YEAR) })
      clock.tick(YEAR - 1)
      await settle()
      expect(handle.status).toBe('pending')
      await clock.tickAsync(1)
      expect(await handle).toBe(YEAR)
    })
  })

  it('starts within a minute of when the clock was set past it', async () => {
    await byHand(async (manager, clock) => {
      const handle = manager.spawn(() => 'started', { at: new Date(Date.now() + 8 * HOUR) })
      await clock.tickAsync(10 * MINUTE + 1)
      // Or the machine has slept: the monotonic clock has not.
      clock.setSystemTime(Date.now() + 9 * HOUR)
      await clock.tickAsync(MINUTE)
      expect(handle.status).toBe('done')
    })
  })

  it('waits for its time anew when the clock was set back, however often', async () => {
    await byHand(async (manager, clock) => {
      const at = Date.now() + 2 * HOUR
      const handle = manager.spawn(() => Date.now(), { at: new Date(at) })
      for (let time = 0; time < 5; time += 1) {
        await clock.tickAsync(2 * HOUR - 1)
        expect(handle.status).toBe('pending')
        clock.setSystemTime(at - 2 * HOUR)
      }
      await clock.tickAsync(2 * HOUR)
      expect(await handle).toBe(at)
    })
  })

  it('is not moved by a delay, nor a delay by the clock of the system', async () => {
    await byHand(async (manager, clock) => {
      const delayed = manager.spawn(() => 'delayed', { delay: HOUR })
      const dated = manager.spawn(() => 'dated', { at: new Date(Date.now() + HOUR) })
      clock.setSystemTime(Date.now() - DAY)
      await clock.tickAsync(HOUR)
      expect([delayed.status, dated.status]).toEqual(['done', 'pending'])
      clock.setSystemTime(Date.now() + 2 * DAY)
      await clock.tickAsync(MINUTE)
      expect(dated.status).toBe('done')
    })
  })

  it('starts once when timers ring that the machine has slept through', async () => {
    await byHand(async (manager, clock) => {
      let started = 0
      for (const ms of [HOUR, 2 * HOUR, 3 * HOUR]) manager.spawn(() => started++, { delay: ms })
      clock.jump(5 * HOUR)
      await clock.tickAsync(0)
      expect(started).toBe(3)
    })
  })
})

describe('very many delayed tasks', () => {
  it('share one timer, and all start in the order in which they are due', async () => {
    await byHand(async (manager, clock) => {
      const count = 100_000
      const order: number[] = []
      // In an order that is none, and many of them at the same time.
      for (let n = 0; n < count; n++) manager.spawn(() => void order.push(n), { delay: 1 + ((n * 7_919) % 1_009) })
      expect(clock.countTimers()).toBe(1)
      expect(manager.stats().pending).toBe(count)
      clock.tick(2_000)
      await manager.drain()
      const due = order.map(n => 1 + ((n * 7_919) % 1_009))
      expect(order.length).toBe(count)
      expect(due.every((at, index) => index === 0 || at >= (due[index - 1] ?? 0))).toBe(true)
    })
  })

  it('hold back what starts until all that are due stand in the queue', async () => {
    await byHand(async (manager, clock) => {
      const order: number[] = []
      manager.maxTasks = 1
      for (let n = 0; n < 10_000; n++) manager.spawn(() => void order.push(n), { delay: 10, priority: n })
      clock.tick(10)
      await manager.drain()
      expect(order[0]).toBe(9_999)
      expect(order.at(-1)).toBe(0)
    })
  })

  it('leave nothing when they are cancelled', async () => {
    await byHand(async (manager, clock) => {
      for (let n = 0; n < 10_000; n++) manager.spawn(() => n, { delay: 1_000 + (n % 100) })
      expect(await manager.cancelPending()).toBe(10_000)
      expect(clock.countTimers()).toBe(0)
    })
  })
})
