import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { callLimit, rateLimit } from '../../src/limits/rate.ts'
import { resourceLimit } from '../../src/limits/resource.ts'
import { limits } from '../../src/limits/set.ts'
import type { Acquirable, LimitPermit } from '../../src/limits/types.ts'
import { runs } from '../fuzz/runs.ts'
import { autojump, settle } from '../harness.ts'

/** So long that no token flows back while a test runs in real time. */
const HOUR = 3_600_000

const delay = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))
const resource = (key: string, capacity = 1) => resourceLimit({ key, capacity })

/** Whether it has been granted by now. */
async function isGranted(acquisition: PromiseLike<LimitPermit>): Promise<boolean> {
  let granted = false
  acquisition.then(
    () => {
      granted = true
    },
    () => {},
  )
  await settle()
  return granted
}

describe('what is taken', () => {
  const make = () =>
    limits([
      callLimit(10, HOUR),
      resource('db', 5),
      rateLimit({ key: 'tokens', capacity: 100, per: HOUR, algorithm: 'token-bucket' }),
    ])
  const used = (set: ReturnType<typeof make>) => Object.values(set.stats()).map(each => each.used)

  it('is 1 of call and resource limits that are not named, and nothing of rates', async () => {
    const set = make()
    const permit = await set.acquire()
    expect(used(set)).toEqual([1, 1, 0])
    permit.release()
    expect(used(set)).toEqual([1, 0, 0])
  })

  it('is what is named', async () => {
    const set = make()
    const permit = await set.acquire({ tokens: 60, db: 2 })
    expect(used(set)).toEqual([1, 2, 60])
    permit.update({ tokens: 50, calls: 0 })
    expect(used(set)).toEqual([0, 2, 50])
  })

  it('is nothing else with only', async () => {
    const set = make()
    await set.acquire({ db: 2 }, { only: true })
    expect(used(set)).toEqual([0, 2, 0])
    expect(set.tryAcquire({ db: 4 }, { only: true })).toBeUndefined()
    expect(set.tryAcquire({}, { only: true })).toBeDefined()
    expect(used(set)).toEqual([0, 2, 0])
  })

  it('is all or nothing', async () => {
    const set = make()
    const holder = await set.acquire({ db: 5 })
    expect(set.tryAcquire({ tokens: 10 })).toBeUndefined()
    const waiting = set.acquire({ tokens: 10 })
    expect(used(set)).toEqual([1, 5, 0])
    expect(set.stats().tokens?.waiting).toBe(1)
    holder.release()
    await waiting
    expect(used(set)).toEqual([2, 1, 10])
  })

  it('is checked at the call', () => {
    const set = make()
    expect(() => set.acquire({ tokens: 101 })).toThrow(RangeError)
    expect(() => set.acquire({ tokenz: 1 })).toThrow(
      new RangeError('amounts must name what is limited here ("calls", "db", "tokens"), got "tokenz"'),
    )
    expect(used(set)).toEqual([0, 0, 0])
  })

  it('is asked for when only rates are there and none is named', async () => {
    const rates = limits([
      rateLimit({ key: 'in', capacity: 1, per: 1 }),
      rateLimit({ key: 'out', capacity: 1, per: 1 }),
    ])
    expect(() => rates.acquire()).toThrow('{ in: 1 }')
    expect((await rates.acquire({ in: 0 })).released).toBe(false)
    const alone = limits([rateLimit({ key: 'in', capacity: 1, per: HOUR })])
    await alone.acquire()
    expect(alone.tryAcquire()).toBeUndefined()
  })
})

describe('limits', () => {
  it('flattens sets within the set', () => {
    expect(Object.keys(limits([limits([resource('a'), resource('b')]), resource('c')]).stats())).toEqual([
      'a',
      'b',
      'c',
    ])
  })

  it('refuses what is no list of different limits', () => {
    expect(() => limits(resource('a') as never)).toThrow(TypeError)
    expect(() => limits([resource('a'), resource('a')])).toThrow('"a" twice')
    expect(() => limits([{} as never])).toThrow('acquire of a limit must be a function')
    expect(() => limits([null as never])).toThrow(TypeError)
  })
})

describe('a waiter for one limit', () => {
  it('holds up nobody who needs only another', async () => {
    const set = limits([resource('a'), resource('b')])
    await set.acquire({ a: 1 }, { only: true })
    const forA = set.acquire({ a: 1 }, { only: true })
    const forBoth = set.acquire()
    expect(await isGranted(set.acquire({ b: 1 }, { only: true }))).toBe(true)
    expect([await isGranted(forA), await isGranted(forBoth)]).toEqual([false, false])
  })

  it('holds up nobody across sets that share members', async () => {
    const shared = resource('shared')
    const one = limits([shared, resource('a')])
    const two = limits([shared, resource('b')])
    const holder = await one.acquire({ a: 1 }, { only: true })
    const waiting = one.acquire()
    const passing = await two.acquire()
    expect(await isGranted(waiting)).toBe(false)
    holder.release()
    expect(await isGranted(waiting)).toBe(false)
    passing.release()
    expect(await isGranted(waiting)).toBe(true)
  })

  it('keeps its turn among those who need the same', async () => {
    const shared = resource('shared')
    const one = limits([shared, resource('a')])
    const two = limits([shared, resource('b')])
    const holder = await shared.acquire()
    const order: string[] = []
    const record = (name: string) => (permit: LimitPermit) => {
      order.push(name)
      permit.release()
    }
    const all = [
      two.acquire().then(record('first')),
      one.acquire().then(record('second')),
      shared.acquire().then(record('third')),
      two.acquire().then(record('fourth')),
    ]
    holder.release()
    await Promise.all(all)
    expect(order).toEqual(['first', 'second', 'third', 'fourth'])
  })

  it('keeps its turn when a set is made of that limit while it waits', async () => {
    const db = resource('db')
    const held = await db.acquire()
    const first = db.acquire()
    const set = limits([db, resource('disk')])
    const second = set.acquire()
    held.release()
    expect(await isGranted(first)).toBe(true)
    expect(await isGranted(second)).toBe(false)
    ;(await first).release()
    expect(await isGranted(second)).toBe(true)
  })

  it('wakes those behind it when it leaves', async () => {
    const set = limits([resource('a', 2), resource('b')])
    const holder = await set.acquire()
    const controller = new AbortController()
    const large = set.acquire({ a: 2 }, { signal: controller.signal })
    const behind = set.acquire({ a: 1 }, { only: true })
    expect(await isGranted(behind)).toBe(false)
    controller.abort()
    await expect(large).rejects.toBe(controller.signal.reason)
    expect(await isGranted(behind)).toBe(true)
    holder.release()
  })
})

describe('a holder who asks for another limit', () => {
  it('gets it at capacity 1', async () => {
    const set = limits([resource('a'), resource('b')])
    await using _a = await set.acquire({ a: 1 }, { only: true })
    await using _b = await set.acquire({ b: 1 }, { only: true })
    expect(set.stats()).toMatchObject({ a: { used: 1 }, b: { used: 1 } })
  })

  it('gets it although another waits for both, however long', async () => {
    const { elapsed } = await autojump(async () => {
      const set = limits([resource('a'), resource('b')])
      const outer = await set.acquire({ a: 1 }, { only: true })
      const both = set.acquire()
      for (let time = 0; time < 50; time++) {
        await delay(100)
        const inner = await set.acquire({ b: 1 }, { only: true })
        inner.release()
      }
      outer.release()
      ;(await both).release()
    })
    // 5 seconds of work: turns double, so at worst it was held up for two thirds of the time.
    expect(elapsed).toBeLessThanOrEqual(3 * 5000)
  })
})

describe('a request for several limits', () => {
  it('gets through although each of them is always busy', async () => {
    const { value } = await autojump(async () => {
      const a = resource('a')
      const b = resource('b')
      const both = limits([a, b])
      let over = false
      const keepBusy = async (limit: Acquirable, hold: number) => {
        while (!over) {
          const permit = await limit.acquire()
          await delay(hold)
          permit.release()
        }
      }
      // Two on each, so that a free one is wanted at once; holding times that hardly ever meet.
      const busy = [keepBusy(a, 70), keepBusy(a, 70), keepBusy(b, 110), keepBusy(b, 110)]
      await delay(35)
      const start = performance.now()
      const permit = await both.acquire()
      const waited = performance.now() - start
      over = true
      permit.release()
      await Promise.all(busy)
      return waited
    })
    expect(value).toBeLessThanOrEqual(5 * 110)
  })

  it('is looked at again when one that kept its place lets pass, although nothing was released', async () => {
    const { elapsed } = await autojump(async () => {
      const [a, b, c] = [resource('a'), resource('b'), resource('c')]
      const holders = [await b.acquire(), await c.acquire()]
      limits([a, c]).acquire()
      const passing = limits([a, b]).acquire()
      await delay(150)
      holders[0]?.release()
      expect(await isGranted(passing)).toBe(false)
      await passing
    })
    expect(elapsed).toBe(200)
  })

  it('takes a rate only together with the rest', async () => {
    await autojump(async () => {
      const calls = callLimit(1, 100)
      const db = resource('db')
      const set = limits([calls, db])
      const holder = await db.acquire()
      const waiting = set.acquire()
      await delay(50)
      expect(calls.stats().used).toBe(0)
      holder.release()
      await waiting
      expect(calls.stats().used).toBe(1)
    })
  })
})

describe('several limits under random load', () => {
  const keys = ['a', 'b', 'c'] as const
  const request = fc.record({
    arrival: fc.integer({ min: 0, max: 300 }),
    amounts: fc.record({ a: fc.nat(2), b: fc.nat(2), c: fc.nat(3) }),
    hold: fc.integer({ min: 0, max: 60 }),
    cancelAfter: fc.option(fc.integer({ min: 0, max: 80 })),
    nested: fc.boolean(),
  })

  it('oversteps nothing, grants everyone in time, keeps the order of equals and leaks nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 12 }), async requests => {
        await autojump(async () => {
          const all = { a: resource('a', 2), b: resource('b', 2), c: resource('c', 3) }
          const rate = rateLimit({ key: 'rate', capacity: 3, per: 40, algorithm: 'token-bucket' })
          const sets = [limits([all.a, all.b, all.c]), limits([all.c, all.b, all.a, rate])]
          const held = { a: 0, b: 0, c: 0 }
          const asked = new Map<string, number[]>()
          const served = new Map<string, number[]>()
          const add = (map: Map<string, number[]>, shape: string, index: number) =>
            map.set(shape, [...(map.get(shape) ?? []), index])
          await Promise.all(
            requests.map(async ({ arrival, amounts, hold, cancelAfter, nested }, index) => {
              await delay(arrival)
              const set = sets[index % 2] as (typeof sets)[number]
              const shape = keys.filter(key => amounts[key] > 0).join('')
              const signal = cancelAfter === null ? undefined : abortAfter(cancelAfter)
              add(asked, shape, index)
              let permit: LimitPermit
              try {
                permit = await set.acquire(amounts, signal === undefined ? { only: true } : { only: true, signal })
              } catch (error) {
                expect(error).toBe(signal?.reason)
                asked.set(
                  shape,
                  (asked.get(shape) ?? []).filter(other => other !== index),
                )
                return
              }
              add(served, shape, index)
              for (const key of keys) {
                held[key] += amounts[key]
                expect(held[key]).toBeLessThanOrEqual(all[key].capacity)
              }
              // In one order only, a then c: nobody else nests, so this can't be their own deadlock.
              if (nested && amounts.a > 0 && amounts.b === 0 && amounts.c === 0) {
                const inner = await all.c.acquire()
                await delay(5)
                inner.release()
              }
              await delay(hold)
              for (const key of keys) held[key] -= amounts[key]
              permit.release()
            }),
          )
          for (const [shape, order] of served) if (shape !== '') expect(order).toEqual(asked.get(shape))
          for (const key of keys) expect(all[key].stats()).toMatchObject({ used: 0, waiting: 0 })
        }, 60_000)
      }),
      runs(200),
    )
  })
})

function abortAfter(ms: number): AbortSignal {
  const controller = new AbortController()
  setTimeout(() => controller.abort(), ms)
  return controller.signal
}
