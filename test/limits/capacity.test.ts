import { describe, expect, it } from 'vitest'
import { limits, rateLimit, resourceLimit } from '../../src/index.ts'
import { autojump, settle } from '../harness.ts'

describe('the capacity of a limit', () => {
  it('may be set while it is in use: who waits gets more at once', async () => {
    const db = resourceLimit({ key: 'db', capacity: 1 })
    const first = await db.acquire()
    const second = db.acquire()
    db.capacity = 2
    expect((await second).released).toBe(false)
    db.capacity = 1
    expect(db.stats()).toEqual({ used: 2, available: 0, waiting: 0, utilisation: 2 })
    expect(() => limits([db]).acquire({ db: 2 })).toThrow(RangeError)
    first.release()
    expect(db.tryAcquire()).toBeUndefined()
    for (const wrong of [0, -1, 1.5]) expect(() => Object.assign(db, { capacity: wrong })).toThrow(RangeError)
  })

  it.each(['sliding-window', 'fixed-window', 'token-bucket', 'leaky-bucket', 'gcra'] as const)(
    'may be set for a %s, and is kept from then on',
    async algorithm => {
      await autojump(async () => {
        const rate = rateLimit({ key: 'calls', capacity: 2, per: 100, algorithm })
        await rate.acquire({ calls: 2 })
        const begun = performance.now()
        const next = rate.acquire({ calls: 2 }).then(() => performance.now() - begun)
        await settle()
        rate.capacity = 4
        expect(await next).toBe(0)
        rate.capacity = 1
        expect(rate.stats()).toMatchObject({ used: 4, available: 0 })
        await rate.acquire()
        expect(performance.now() - begun).toBeGreaterThanOrEqual(100)
        rate.capacity = Number.POSITIVE_INFINITY
        expect(rate.tryAcquire({ calls: 1_000 })).toBeDefined()
      })
    },
  )

  it('goes to the higher priority of those that wait for the same', async () => {
    const db = resourceLimit({ key: 'db', capacity: 1 })
    const set = limits([db, resourceLimit({ key: 'other', capacity: 9 })])
    const held = await db.acquire()
    const order: string[] = []
    const ask = async (name: string, asked: PromiseLike<Disposable>) => {
      const permit = await asked
      order.push(name)
      permit[Symbol.dispose]()
    }
    const all = [
      ask('first', db.acquire()),
      ask('high in a set', set.acquire({}, { priority: 1 })),
      ask('highest', db.acquire({}, { priority: 2 })),
    ]
    held.release()
    await Promise.all(all)
    expect(order).toEqual(['highest', 'high in a set', 'first'])
  })
})
