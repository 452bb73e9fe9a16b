import { describe, expect, it, vi } from 'vitest'
import {
  callLimit,
  type ExternalLimit,
  limitPool,
  limits,
  rateLimit,
  resourceLimit,
  Semaphore,
  type TaskContext,
  type TaskHandle,
  TaskManager,
  TaskTimeoutError,
} from '../../src/index.ts'
import { createGate } from '../../src/testing.ts'
import { autojump, settle } from '../harness.ts'
import { elapse } from '../invariants/work.ts'

const start = (options = {}) => TaskManager.start({ cleanupTimeout: 300, logger: false, ...options })
const resource = (key: string, capacity = 1) => resourceLimit({ key, capacity })
const FREE = { used: 0, waiting: 0 }

function hearing({ signal }: TaskContext): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}

describe('a rate', () => {
  it('is counted when a task starts, so that a wait for slots causes no burst', async () => {
    await autojump(async () => {
      await using manager = await start({ maxTasks: 2 })
      const rate = callLimit(5, 100)
      for (let i = 0; i < 2; i += 1) manager.spawn(() => elapse(700))
      const starts: number[] = []
      const limited = Array.from({ length: 40 }, () =>
        manager.spawn(() => starts.push(performance.now()), { limits: rate }),
      )
      await Promise.all(limited)
      for (const [index, time] of starts.entries()) {
        const sixth = starts[index + 5]
        if (sixth !== undefined) expect(sixth - time).toBeGreaterThanOrEqual(100)
      }
      expect((starts.at(-1) ?? 0) - (starts[0] ?? 0)).toBe(700)
    })
  })

  it('is put back when it is granted and no slot is free', async () => {
    await autojump(async () => {
      await using manager = await start({ maxTasks: 1 })
      const rate = callLimit(1, 100)
      await rate.acquire()
      const order: string[] = []
      const note = (name: string) => () => void order.push(`${name} at ${Math.round(performance.now() - began)}`)
      const began = performance.now()
      const limited = manager.spawn(note('limited'), { limits: rate })
      await settle()
      expect(rate.stats().waiting).toBe(1)
      manager.spawn(async () => {
        note('long')()
        await elapse(250)
      })
      const other = elapse(150)
        .then(() => rate.acquire())
        .then(note('other'))
      await Promise.all([limited, other])
      expect(order).toEqual(['long at 0', 'other at 150', 'limited at 250'])
    })
  })

  it('goes to the higher priority of those that wait', async () => {
    await autojump(async () => {
      await using manager = await start({ maxTasks: 1 })
      const rate = callLimit(1, 100)
      const order: number[] = []
      const spawn = (priority: number) => manager.spawn(() => order.push(priority), { limits: rate, priority })
      await Promise.all([0, 1, 2, 1].map(spawn))
      expect(order).toEqual([2, 1, 1, 0])
    })
  })

  it('is given to many that wait without slots for it, whatever the number of slots', async () => {
    await autojump(async () => {
      await using manager = await start({ maxTasks: Number.POSITIVE_INFINITY })
      const db = resource('db')
      let done = 0
      for (let i = 0; i < 20_000; i += 1) manager.spawn(() => done++, { limits: db })
      await manager.drain()
      expect(done).toBe(20_000)
      expect(db.stats()).toMatchObject(FREE)
    })
  })
})

describe('a task with limits', () => {
  it('waits for them before it takes a slot', async () => {
    await autojump(async () => {
      await using manager = await start({ maxTasks: 1 })
      const db = resource('db')
      const held = await db.acquire()
      const limited = manager.spawn(() => 'limited', { limits: db })
      expect(await manager.spawn(() => 'free')).toBe('free')
      expect(limited.status).toBe('pending')
      expect(manager.stats()).toMatchObject({ pending: 1, running: 0 })
      expect(db.stats().waiting).toBe(1)
      held.release()
      expect(await limited).toBe('limited')
    })
  })

  it('does not start on the call that gives it the permit', async () => {
    await autojump(async () => {
      await using manager = await start()
      const work = vi.fn()
      const handle = manager.spawn(work, { limits: resource('db') })
      expect(work).not.toHaveBeenCalled()
      await handle
    })
  })

  it('counts its timeout from the start of the attempt, without the wait', async () => {
    await autojump(async () => {
      await using manager = await start()
      const db = resource('db')
      const held = await db.acquire()
      const handle = manager.spawn(() => elapse(20), { limits: db, timeout: 50 })
      await elapse(1000)
      held.release()
      await handle
      expect(handle.status).toBe('done')
    })
  })

  it('asks for what cost says, and 1 of what it does not name', async () => {
    await autojump(async () => {
      await using manager = await start()
      const tokens = rateLimit({ key: 'tokens', capacity: 100, per: 1000 })
      const set = limits([resource('db', 4), tokens])
      const used = () => ({ db: set.stats().db?.used, tokens: set.stats().tokens?.used })
      expect(await manager.spawn(used, { limits: set, cost: { tokens: 60 } })).toEqual({ db: 1, tokens: 60 })
      expect(await manager.spawn(used, { limits: set, cost: { tokens: 40, db: 3 } })).toEqual({ db: 3, tokens: 100 })
    })
  })

  it.each([
    { what: 'a limit', make: () => resource('db') },
    { what: 'a set', make: () => limits([resource('db'), new Semaphore(1)]) },
    { what: 'a pool', make: () => limitPool([resource('db'), resource('db')]) },
    { what: 'a semaphore', make: () => new Semaphore(2) },
  ])('may be limited by $what, also in a map', async ({ make }) => {
    await autojump(async () => {
      await using manager = await start()
      let [running, most] = [0, 0]
      const work = async (item: number) => {
        running += 1
        most = Math.max(most, running)
        await elapse(10)
        running -= 1
        return item
      }
      expect(await manager.map([1, 2, 3, 4, 5], work, { limits: make() }).toArray()).toEqual([1, 2, 3, 4, 5])
      expect(most).toBeLessThanOrEqual(2)
    })
  })
})

describe('a task that waits for one limit', () => {
  it('holds up neither who needs only another nor who needs none', async () => {
    await autojump(async () => {
      await using manager = await start({ maxTasks: 1 })
      const [a, b] = [resource('a'), resource('b')]
      const held = await a.acquire()
      const ended: string[] = []
      const spawn = (name: string, options = {}) => manager.spawn(() => void ended.push(name), options)
      const waiting = [spawn('a', { limits: a, priority: 9 }), spawn('both', { limits: limits([a, b]) })]
      await Promise.all([spawn('b', { limits: b }), spawn('none')])
      expect(ended).toEqual(['b', 'none'])
      held.release()
      await Promise.all(waiting)
      expect(ended).toEqual(['b', 'none', 'a', 'both'])
    })
  })

  it('keeps its turn among those who need the same', async () => {
    await autojump(async () => {
      await using manager = await start()
      const db = resource('db')
      const order = await Promise.all([1, 2, 3, 4].map(n => manager.spawn(async () => n, { limits: db })))
      const started: number[] = []
      for (const n of [1, 2, 3, 4]) manager.spawn(() => void started.push(n), { limits: db })
      await manager.drain()
      expect([order, started]).toEqual([
        [1, 2, 3, 4],
        [1, 2, 3, 4],
      ])
    })
  })

  it('does not deadlock when a task acquires another key by itself at capacity 1', async () => {
    await autojump(async () => {
      await using manager = await start()
      const [a, b] = [resource('a'), resource('b')]
      const set = limits([a, b])
      const nested = async () => {
        await using _permit = await set.acquire({ b: 1 }, { only: true })
        return 'nested'
      }
      expect(await manager.spawn(nested, { limits: a })).toBe('nested')
    })
  })
})

describe('permits are given back', () => {
  /** Spawns a task with the only permit, has it end, and shows who gets the permit when. */
  async function handedOn(
    work: (task: TaskContext) => unknown,
    options: { readonly timeout?: number },
    end: (handle: TaskHandle<unknown>) => unknown,
  ): Promise<number> {
    const { value } = await autojump(async () => {
      const manager = await start()
      const begun = performance.now()
      const db = resource('db')
      const handle = manager.spawn(work, { limits: db, ...options })
      handle.catch(() => {})
      const next = manager.spawn(() => performance.now() - begun, { limits: db })
      await settle()
      expect(db.stats()).toMatchObject({ used: 1, waiting: 1 })
      await end(handle)
      const at = await next
      expect(db.stats()).toMatchObject(FREE)
      await manager.close()
      return at
    })
    return value
  }

  const nothing = () => {}

  it('on success', async () => {
    expect(await handedOn(() => elapse(20), {}, nothing)).toBe(20)
  })

  it('on failure', async () => {
    const failing = async () => {
      await elapse(20)
      throw new Error('boom')
    }
    expect(await handedOn(failing, {}, nothing)).toBe(20)
  })

  it('on a cancel that is heard', async () => {
    expect(await handedOn(hearing, {}, handle => elapse(30).then(() => handle.cancel()))).toBe(30)
  })

  it('on a timeout', async () => {
    expect(await handedOn(hearing, { timeout: 40 }, nothing)).toBe(40)
  })

  it('when work that cannot hear has really stopped, though its handle has settled', async () => {
    const cancelled = async (handle: TaskHandle<unknown>) => {
      void handle.cancel()
      expect(handle.status).toBe('cancelled')
    }
    expect(await handedOn(() => elapse(200), {}, cancelled)).toBe(200)
  })

  it('when work is abandoned, and not once more when it stops after all', async () => {
    expect(
      await handedOn(
        () => elapse(5000),
        {},
        handle => handle.cancel(),
      ),
    ).toBe(300)
    await autojump(async () => {
      const manager = await start()
      const db = resource('db')
      manager.spawn(() => elapse(500), { limits: db }).cancel()
      const stray = manager.spawn(() => elapse(500), { limits: db })
      await settle()
      await stray.cancel()
      const [first, second] = [createGate(), createGate()]
      manager.spawn(() => first, { limits: db })
      manager.spawn(() => second, { limits: db })
      await elapse(1000)
      expect(db.stats()).toMatchObject({ used: 1, waiting: 1 })
      first.open()
      second.open()
      await manager.close()
      expect(db.stats()).toMatchObject(FREE)
    })
  })

  it('between retries, and asked for again before each attempt', async () => {
    await autojump(async () => {
      await using manager = await start()
      const db = resource('db')
      const begun = performance.now()
      const starts: number[] = []
      const flaky = ({ attempt }: TaskContext) => {
        starts.push(performance.now() - begun)
        expect(db.stats().used).toBe(1)
        if (attempt < 3) throw new Error('again')
      }
      const handle = manager.spawn(flaky, { limits: db, retry: { retries: 2, wait: 100, backoff: 'linear' } })
      await elapse(50)
      expect(db.stats()).toMatchObject(FREE)
      const held = await db.acquire()
      await elapse(100)
      expect(handle.status).toBe('pending')
      expect(db.stats()).toMatchObject({ used: 1, waiting: 1 })
      held.release()
      await handle
      expect(starts).toEqual([0, 150, 350])
      expect(db.stats()).toMatchObject(FREE)
    })
  })

  it('by a cancel while waiting for them: nobody loses a turn', async () => {
    await autojump(async () => {
      await using manager = await start()
      const db = resource('db')
      const held = await db.acquire()
      const work = vi.fn()
      const [first, second] = [manager.spawn(work, { limits: db }), manager.spawn(() => 2, { limits: db })]
      expect(await first.cancel('enough')).toBe(true)
      expect(db.stats()).toMatchObject({ used: 1, waiting: 1 })
      held.release()
      expect(await second).toBe(2)
      expect(work).not.toHaveBeenCalled()
      expect(first.status).toBe('cancelled')
      expect(db.stats()).toMatchObject(FREE)
    })
  })

  it('without having been taken, by a cancel before there is a slot', async () => {
    await autojump(async () => {
      await using manager = await start({ maxTasks: 1 })
      const db = resource('db')
      const gate = createGate()
      manager.spawn(() => gate)
      await settle()
      const work = vi.fn()
      const first = manager.spawn(work, { limits: db })
      await settle()
      expect(db.stats()).toMatchObject(FREE)
      expect(first.status).toBe('pending')
      void first.cancel()
      gate.open()
      await manager.drain()
      expect(work).not.toHaveBeenCalled()
      expect(db.stats()).toMatchObject(FREE)
    })
  })

  it('by a cancel in the very turn of the spawn', async () => {
    await autojump(async () => {
      await using manager = await start()
      const db = resource('db')
      void manager.spawn(() => 1, { limits: db }).cancel()
      expect(db.stats()).toMatchObject(FREE)
      manager.spawn(() => 1, { limits: db, signal: AbortSignal.abort() })
      expect(db.stats()).toMatchObject(FREE)
    })
  })
})

describe('the end of a wait for a limit', () => {
  it('comes with the deadline', async () => {
    const { elapsed } = await autojump(async () => {
      const manager = await start()
      const db = resource('db')
      const held = await db.acquire()
      const handle = manager.spawn(() => 1, { limits: db, deadline: 70 })
      await expect(handle).rejects.toBeInstanceOf(TaskTimeoutError)
      expect(db.stats().waiting).toBe(0)
      expect(vi.getTimerCount()).toBe(0)
      held.release()
      expect(db.stats()).toMatchObject(FREE)
      await manager.close()
    })
    expect(elapsed).toBe(70)
  })

  it.each(['run', 'cancel'] as const)('comes with close: pending %s', async pending => {
    const { elapsed } = await autojump(async () => {
      const manager = await start()
      const calls = callLimit(1, 60_000)
      await calls.acquire()
      const handle = manager.spawn(() => 1, { limits: calls })
      const report = await manager.close({ timeout: 90, pending })
      expect(handle.status).toBe('cancelled')
      expect(report).toMatchObject({ cancelled: 1, abandoned: [] })
      expect(report.neverStarted.map(({ id }) => id)).toEqual([handle.id])
      expect(calls.stats().waiting).toBe(0)
      expect(vi.getTimerCount()).toBe(0)
    })
    expect(elapsed).toBe(pending === 'run' ? 90 : 0)
  })

  it('may come within close, and the task runs', async () => {
    await autojump(async () => {
      const manager = await start()
      const calls = callLimit(1, 50)
      await calls.acquire()
      const handle = manager.spawn(() => 1, { limits: calls })
      expect(await manager.close()).toMatchObject({ done: 1, cancelled: 0 })
      expect(await handle).toBe(1)
    })
  })
})

describe('limits shared by several managers', () => {
  it('let four managers do 100 calls at 20 a second in between 4 and 5 seconds', async () => {
    const { elapsed } = await autojump(async () => {
      const calls = callLimit(20, 1000)
      const managers = await Promise.all([1, 2, 3, 4].map(() => start()))
      const begun: number[] = []
      const call = () => void begun.push(performance.now())
      const hundred = Array.from({ length: 100 }, (_, n) => managers[n % 4]?.spawn(call, { limits: calls }))
      await Promise.all(hundred)
      for (const [n, time] of begun.entries()) {
        const twentyEarlier = begun[n - 20]
        if (twentyEarlier !== undefined) expect(time - twentyEarlier).toBeGreaterThanOrEqual(1000)
      }
      await Promise.all(managers.map(manager => manager.close()))
    })
    expect(elapsed).toBeGreaterThanOrEqual(4000)
    expect(elapsed).toBeLessThanOrEqual(5000)
  })

  it('go on when one of them closes', async () => {
    await autojump(async () => {
      const db = resource('db')
      const [one, two] = [await start(), await start()]
      one.spawn(hearing, { limits: db })
      one.spawn(hearing, { limits: db })
      const other = two.spawn(() => 'other', { limits: db })
      await settle()
      await one.close({ timeout: 0 })
      expect(await other).toBe('other')
      expect(db.stats()).toMatchObject(FREE)
      await two.close()
    })
  })
})

describe('an external limit', () => {
  it('fails the one task whose acquire fails, with that very error, and leaks nothing', async () => {
    await autojump(async () => {
      await using manager = await start()
      const error = new Error('theirs')
      let [asked, held] = [0, 0]
      const external: ExternalLimit = {
        async acquire() {
          asked += 1
          if (asked === 2) throw error
          held += 1
          return { release: () => void (held -= 1) }
        },
      }
      const db = resource('db', 3)
      const work = vi.fn(() => 'ran')
      const [first, second, third] = [1, 2, 3].map(() =>
        manager.spawn(work, { limits: limits([db, external]), retry: 3 }),
      ) as [TaskHandle<string>, TaskHandle<string>, TaskHandle<string>]
      await expect(second).rejects.toBe(error)
      expect([await first, await third]).toEqual(['ran', 'ran'])
      expect(second.record()).toMatchObject({ status: 'failed', attempt: 0, attempts: [] })
      expect(work).toHaveBeenCalledTimes(2)
      expect([held, db.stats().used]).toEqual([0, 0])
    })
  })

  it('may stop the task from within acquire: what it grants later goes back', async () => {
    await autojump(async () => {
      await using manager = await start()
      const release = vi.fn()
      const work = vi.fn()
      const external: ExternalLimit = {
        acquire() {
          void manager.cancelAll()
          return { release }
        },
      }
      for (const each of [external, limits([new Semaphore(1), resource('db'), external])]) {
        manager.spawn(work, { limits: each })
        await manager.drain()
        await settle()
      }
      expect(release).toHaveBeenCalledTimes(2)
      expect(work).not.toHaveBeenCalled()
      expect(manager.stats()).toMatchObject({ pending: 0, running: 0, done: 0, cancelled: 2 })
    })
  })
})

describe('cost', () => {
  it.each([
    [RangeError, 'db must be a whole number from 0 to 2, got 3', { db: 3 }],
    [RangeError, 'db must be a whole number from 0 to 2, got -1', { db: -1 }],
    [TypeError, 'db must be a whole number from 0 to 2, got "1"', { db: '1' }],
    [RangeError, 'got "bd"', { bd: 1 }],
    [TypeError, 'must be an object, got 1', 1],
  ])('that can never be granted throws %o at the spawn and keeps nothing: %s', async (type, message, wrong) => {
    await using manager = await start()
    const db = resource('db', 2)
    const before = manager.stats()
    const options = { limits: db, cost: wrong as never }
    expect(() => manager.spawn(() => 1, options)).toThrow(type)
    expect(() => manager.spawn(() => 1, options)).toThrow(message)
    expect(() => manager.map([1], () => 1, options)).toThrow(message)
    expect(manager.stats()).toEqual(before)
    expect(db.stats()).toMatchObject(FREE)
  })

  it('without limits is a TypeError, and so is what is no limit', async () => {
    await using manager = await start()
    expect(() => manager.spawn(() => 1, { cost: { db: 1 } })).toThrow(TypeError)
    expect(() => manager.spawn(() => 1, { cost: { db: 1 } })).toThrow('limits is not given')
    expect(() => manager.spawn(() => 1, { limits: {} as never })).toThrow(TypeError)
    expect(() => manager.spawn(() => 1, { limits: null as never })).toThrow(TypeError)
    expect(manager.stats()).toMatchObject({ pending: 0, running: 0 })
  })
})
