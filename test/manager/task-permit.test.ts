import { run } from 'effection'
import { describe, expect, it } from 'vitest'
import {
  callLimit,
  DeadlockError,
  limitPool,
  limits,
  rateLimit,
  resourceLimit,
  Semaphore,
  type TaskContext,
  TaskManager,
} from '../../src/index.ts'
import { autojump, settle } from '../harness.ts'
import { elapse } from '../invariants/work.ts'

const start = () => TaskManager.start({ logger: false })
const resource = (key: string, capacity = 1) => resourceLimit({ key, capacity })

describe('more of a limit than is left beside what the task holds', () => {
  it.each([
    ['a limit', () => resource('db', 2), (limit: ReturnType<typeof resource>) => limit.acquire({ db: 2 })],
    ['a semaphore', () => new Semaphore(1), (semaphore: Semaphore) => semaphore.acquire()],
    ['the use of a semaphore', () => new Semaphore(1), (semaphore: Semaphore) => semaphore.use(() => 1)],
    ['a set', () => limits([resource('db'), new Semaphore(1)]), (set: ReturnType<typeof limits>) => set.acquire({})],
    ['a pool', () => limitPool([resource('db')]), (pool: ReturnType<typeof limitPool>) => pool.acquire()],
  ] as const)('is a DeadlockError at once, of %s', async (_, make, ask) => {
    await autojump(async () => {
      await using manager = await start()
      const limited = make()
      const asking = manager.spawn(async () => await ask(limited as never), { limits: limited })
      await expect(asking).rejects.toThrow(DeadlockError)
      await expect(asking).rejects.toThrow(/cost: 'none'/)
      expect(await manager.spawn(() => 'free', { limits: limited })).toBe('free')
    })
  })

  it('is one in an operation, too', async () => {
    await using manager = await start()
    const db = resource('db')
    const asking = manager.spawn(
      function* () {
        yield* db.acquire()
      },
      { limits: db },
    )
    await expect(asking).rejects.toThrow(DeadlockError)
  })

  it('is none for what others hold, what the body acquired itself, or a rate', async () => {
    await autojump(async () => {
      await using manager = await start()
      const db = resource('db', 2)
      const both = async () => {
        const use = async () => {
          await using _permit = await db.acquire()
          await elapse(5)
        }
        await Promise.all([use(), use(), use()])
        return 'used'
      }
      expect(await Promise.all([manager.spawn(both), manager.spawn(both, { limits: db })])).toEqual(['used', 'used'])
      const calls = callLimit(1, 100)
      const begun = performance.now()
      await manager.spawn(async () => void (await calls.acquire()), { limits: calls })
      expect(performance.now() - begun).toBe(100)
    })
  })

  it('is none where another member of a pool may grant it', async () => {
    await autojump(async () => {
      await using manager = await start()
      const members = [resource('db'), resource('db')]
      const pool = limitPool(members)
      const second = manager.spawn(() => elapse(50), { limits: members[1] as (typeof members)[0] })
      await settle()
      const twice = async () => {
        await using _permit = await pool.acquire()
      }
      for (let turn = 0; turn < 2; turn += 1) await manager.spawn(twice, { limits: pool })
      await second
    })
  })
})

describe('task.permit', () => {
  it('says what was used: the rest comes back, more is owed to what comes after', async () => {
    await autojump(async () => {
      await using manager = await start()
      const tokens = rateLimit({ key: 'tokens', capacity: 100, per: 1_000 })
      const begun = performance.now()
      const used = (amount: number) =>
        manager.spawn(
          ({ permit }) => {
            permit.update({ tokens: amount })
            return performance.now() - begun
          },
          { limits: tokens, cost: { tokens: 50 } },
        )
      expect([await used(20), await used(280), await used(100), await used(50)]).toEqual([0, 0, 3_000, 4_000])
    })
  })

  it('reaches every member of a set, also those of which nothing was taken', async () => {
    await using manager = await start()
    const tokens = rateLimit({ key: 'tokens', capacity: 100, per: 60_000 })
    const [db, calls] = [resource('db', 4), callLimit(10, 60_000)]
    const set = limits([tokens, db, calls])
    await manager.spawn(
      ({ permit }) => {
        permit.update({ tokens: 30, db: 3 })
        permit.update({ tokens: 40, calls: 2 })
        expect(set.stats()).toMatchObject({ tokens: { used: 40 }, db: { used: 3 }, calls: { used: 2 } })
      },
      { limits: set, cost: { tokens: 0 } },
    )
    expect(set.stats()).toMatchObject({ tokens: { used: 40 }, db: { used: 0 }, calls: { used: 2 } })
    const wrong = manager.spawn(({ permit }) => permit.update({ others: 1 }), { limits: set, cost: { tokens: 0 } })
    await expect(wrong).rejects.toThrow(RangeError)
  })

  it('settles a rate even when the task was given up meanwhile, and nothing else', async () => {
    await autojump(async () => {
      await using manager = await TaskManager.start({ cleanupTimeout: 10, logger: false })
      const set = limits([rateLimit({ key: 'tokens', capacity: 100, per: 60_000 }), resource('db', 4)])
      const paid = Promise.withResolvers<void>()
      const handle = manager.spawn(
        async ({ permit }) => {
          await elapse(100)
          permit.update({ tokens: 70, db: 2 })
          paid.resolve()
        },
        { limits: set, cost: { tokens: 50 } },
      )
      await settle()
      await handle.cancel()
      await paid.promise
      expect(set.stats()).toMatchObject({ tokens: { used: 70 }, db: { used: 0 } })
    })
  })

  it('names the member of the pool and the limit itself; other permits of it do, too', async () => {
    await using manager = await start()
    const members = [resource('a'), resource('b')]
    const pool = limitPool(members)
    const seen = ({ permit: { member, limit } }: TaskContext) => [member, limit]
    expect(await manager.spawn(seen, { limits: pool })).toEqual([0, members[0]])
    expect(await manager.spawn(seen, { limits: pool })).toEqual([1, members[1]])
    await using permit = await pool.acquire()
    expect([permit.member, permit.limit]).toEqual([0, members[0]])
    expect(await manager.spawn(seen, { limits: members[1] as (typeof members)[0] })).toEqual([undefined, undefined])
  })
})

describe("cost: 'none'", () => {
  it('takes nothing, and what the body acquires and forgets comes back', async () => {
    await using manager = await start()
    const db = resource('db', 2)
    const held: unknown[] = []
    const work = async (task: TaskContext) => {
      held.push(db.stats().used)
      await task.limits.acquire({ db: 2 })
      held.push(db.stats().used)
    }
    await manager.spawn(work, { limits: db, cost: 'none' })
    expect(held).toEqual([0, 2])
    expect(db.stats()).toMatchObject({ used: 0, waiting: 0 })
  })

  it('may be what a failing attempt forgets, too, and what comes when it is over', async () => {
    await autojump(async () => {
      await using manager = await start()
      const db = resource('db')
      const held = await db.acquire()
      const work = async ({ limits: own, attempt }: TaskContext) => {
        if (attempt > 1) return await own.acquire()
        void own.acquire()
        throw new Error('again')
      }
      const handle = manager.spawn(work, { limits: db, cost: 'none', retry: { retries: 1, wait: 10, jitter: 0 } })
      await elapse(5)
      held.release()
      expect(db.stats().used).toBe(0)
      await handle
      expect(db.stats().used).toBe(0)
    })
  })
})

describe('no limit', () => {
  it('is a set of nothing, and a capacity of Infinity', async () => {
    await using manager = await start()
    const infinite = [
      limits([]),
      callLimit(Number.POSITIVE_INFINITY, 1_000),
      ...(['sliding-window', 'fixed-window', 'gcra'] as const).map(algorithm =>
        rateLimit({ key: 'tokens', capacity: Number.POSITIVE_INFINITY, per: 1_000, algorithm }),
      ),
    ]
    for (const limit of infinite) {
      let done = 0
      for (let i = 0; i < 100; i += 1) manager.spawn(() => done++, { limits: limit })
      await manager.drain()
      expect(done).toBe(100)
    }
    expect(await manager.spawn(() => 'ran', { limits: limits([]), cost: { tokens: 9 } })).toBe('ran')
    expect(() => manager.spawn(() => 1, { limits: limits([]), cost: { tokens: -1 } })).toThrow(RangeError)
    expect(await run(() => limits([]).acquire({ tokens: 9 }))).toMatchObject({ released: true })
  })

  it('is no rate of a set that the cost does not name: that is an error', async () => {
    await using manager = await start()
    const tokens = rateLimit({ key: 'tokens', capacity: 100, per: 1_000 })
    const set = limits([callLimit(9, 1_000), tokens])
    for (const options of [{ limits: set }, { limits: set, cost: { calls: 1 } }, { limits: limitPool([set, set]) }]) {
      expect(() => manager.spawn(() => 1, options)).toThrow(TypeError)
      expect(() => manager.spawn(() => 1, options)).toThrow('cost must say how much of "tokens" the task takes')
    }
    await manager.spawn(() => 1, { limits: set, cost: { tokens: 0 } })
    await manager.spawn(() => 1, { limits: set, cost: 'none' })
    await manager.spawn(() => 1, { limits: tokens })
    expect(set.stats()).toMatchObject({ calls: { used: 1 }, tokens: { used: 1 } })
    expect(() => manager.spawn(() => 1, { limits: [tokens] as never })).toThrow(/limits\(\[…\]\)/)
  })
})
