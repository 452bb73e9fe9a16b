import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { RateAlgorithm } from '../../src/limits/algorithms/limit-algorithm.ts'
import { callLimit, rateLimit } from '../../src/limits/rate.ts'
import { runs } from '../fuzz/runs.ts'
import { autojump } from '../harness.ts'

const delay = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))

interface Taken {
  readonly at: number
  readonly amount: number
}

/** Whether `amount` may be taken at the whole millisecond `at`, by the definition of the algorithm, however slowly. */
type Definition = (taken: readonly Taken[], amount: number, at: number, capacity: number, per: number) => boolean

const sum = (taken: readonly Taken[]) => taken.reduce((total, { amount }) => total + amount, 0)

const DEFINITIONS: Record<RateAlgorithm, Definition> = {
  'sliding-window': (taken, amount, at, capacity, per) =>
    sum(taken.filter(each => each.at > at - per)) + amount <= capacity,

  'fixed-window': (taken, amount, at, capacity, per) => {
    const start = taken[0]?.at ?? at
    const windowOf = (time: number) => Math.floor((time - start) / per)
    return sum(taken.filter(each => windowOf(each.at) === windowOf(at))) + amount <= capacity
  },

  // Full at first; in each millisecond `capacity / per` tokens come in, and what does not fit is lost.
  'token-bucket': (taken, amount, at, capacity, per) => {
    let tokens = capacity * per
    for (let time = 0; time <= at; time++) {
      if (time > 0) tokens = Math.min(capacity * per, tokens + capacity)
      tokens -= sum(taken.filter(each => each.at === time)) * per
    }
    return amount * per <= tokens
  },

  // Empty at first; in each millisecond `capacity / per` leaks out, and nothing may spill.
  'leaky-bucket': (taken, amount, at, capacity, per) => {
    let level = 0
    for (let time = 0; time <= at; time++) {
      if (time > 0) level = Math.max(0, level - capacity)
      level += sum(taken.filter(each => each.at === time)) * per
    }
    return level + amount * per <= capacity * per
  },

  // The theoretical arrival time, in milliseconds times `capacity`: conforming if it is not too far ahead.
  gcra: (taken, amount, at, capacity, per) => {
    let arrival = 0
    for (const each of taken) arrival = Math.max(arrival, each.at * capacity) + each.amount * per
    return Math.max(arrival, at * capacity) + amount * per - at * capacity <= per * capacity
  },
}

const ALGORITHMS = Object.keys(DEFINITIONS) as RateAlgorithm[]

/** First come, first served, each at the first millisecond the definition allows. */
function simulate(definition: Definition, arrivals: readonly Taken[], capacity: number, per: number): number[] {
  const taken: Taken[] = []
  let at = 0
  for (const arrival of arrivals) {
    at = Math.max(at, arrival.at)
    while (!definition(taken, arrival.amount, at, capacity, per)) at += 1
    taken.push({ at, amount: arrival.amount })
  }
  return taken.map(each => each.at)
}

const scenario = fc
  .record({ capacity: fc.integer({ min: 1, max: 7 }), per: fc.integer({ min: 1, max: 60 }) })
  .chain(({ capacity, per }) =>
    fc.record({
      capacity: fc.constant(capacity),
      per: fc.constant(per),
      requests: fc.array(
        fc.record({ gap: fc.integer({ min: 0, max: 25 }), amount: fc.integer({ min: 1, max: capacity }) }),
        { minLength: 1, maxLength: 14 },
      ),
    }),
  )

describe.each(ALGORITHMS)('%s', algorithm => {
  it('grants every request at the very millisecond its definition allows', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ capacity, per, requests }) => {
        let clock = 0
        const arrivals = requests.map(({ gap, amount }) => {
          clock += gap
          return { at: clock, amount }
        })
        const { value } = await autojump(async () => {
          const start = performance.now()
          const limit = rateLimit({ key: 'units', capacity, per, algorithm })
          return Promise.all(
            arrivals.map(async ({ at, amount }) => {
              await delay(at)
              await limit.acquire({ units: amount })
              return performance.now() - start
            }),
          )
        })
        // The limit may be older than its first use; so may the model's clock.
        expect(value).toEqual(simulate(DEFINITIONS[algorithm], arrivals, capacity, per))
      }),
      runs(150),
    )
  })

  it('takes without waiting just when its definition allows', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ capacity, per, requests }) => {
        await autojump(async () => {
          const start = performance.now()
          const limit = rateLimit({ key: 'units', capacity, per, algorithm })
          const taken: Taken[] = []
          for (const { gap, amount } of requests) {
            await delay(gap)
            const at = performance.now() - start
            const allowed = DEFINITIONS[algorithm](taken, amount, at, capacity, per)
            expect(limit.tryAcquire({ units: amount }) !== undefined).toBe(allowed)
            if (allowed) taken.push({ at, amount })
          }
        })
      }),
      runs(100),
    )
  })

  it('lets four users of 20 a second do 100 calls in between 4 and 5 seconds', async () => {
    const { elapsed } = await autojump(async () => {
      const limit = rateLimit({ key: 'calls', capacity: 20, per: 1000, algorithm })
      const user = async () => {
        for (let call = 0; call < 25; call++) (await limit.acquire()).release()
      }
      await Promise.all([user(), user(), user(), user()])
    })
    expect(elapsed).toBeGreaterThanOrEqual(4000)
    expect(elapsed).toBeLessThanOrEqual(5000)
  })

  it('gives nothing back on release, and on update what was not used', async () => {
    await autojump(async () => {
      const limit = rateLimit({ key: 'tokens', capacity: 100, per: 1000, algorithm })
      const permit = await limit.acquire({ tokens: 100 })
      permit.update({ tokens: 80 })
      expect(limit.stats()).toEqual({ used: 80, available: 20, waiting: 0, utilisation: 0.8 })
      permit.release()
      expect(() => permit.update({ tokens: 0 })).toThrow(TypeError)
      expect(limit.stats().available).toBe(20)
    })
  })

  it('gives a waiter at once what an update gives back', async () => {
    const { elapsed } = await autojump(async () => {
      const limit = rateLimit({ key: 'tokens', capacity: 100, per: 1000, algorithm })
      const permit = await limit.acquire({ tokens: 100 })
      const waiting = limit.acquire({ tokens: 30 })
      permit.update({ tokens: 60 })
      await waiting
    })
    expect(elapsed).toBe(0)
  })

  it('gives nothing back once the time has passed in which it would have come back by itself', async () => {
    await autojump(async () => {
      const limit = rateLimit({ key: 'tokens', capacity: 10, per: 1000, algorithm })
      const early = await limit.acquire({ tokens: 10 })
      await delay(1000)
      await limit.acquire({ tokens: 10 })
      early.update({ tokens: 0 })
      expect(limit.tryAcquire()).toBeUndefined()
    })
  })

  it('does not notice a wall clock set back', async () => {
    const { elapsed } = await autojump(async () => {
      const limit = rateLimit({ key: 'calls', capacity: 1, per: 1000, algorithm })
      await limit.acquire()
      const waiting = limit.acquire()
      await delay(400)
      vi.setSystemTime(Date.now() - 86_400_000)
      await waiting
      vi.setSystemTime(Date.now() - 86_400_000)
      await limit.acquire()
    })
    expect(elapsed).toBe(2000)
  })

  it('leaves no timer behind when the last waiter has gone', async () => {
    await autojump(async () => {
      const limit = rateLimit({ key: 'calls', capacity: 1, per: 1000, algorithm })
      await limit.acquire()
      const controller = new AbortController()
      const waiting = limit.acquire(undefined, { signal: controller.signal })
      expect(vi.getTimerCount()).toBe(1)
      controller.abort()
      await expect(waiting).rejects.toBe(controller.signal.reason)
      expect(vi.getTimerCount()).toBe(0)
    })
  })
})

it('drains a leaky bucket under 100 a second, also when it is looked at all the time', async () => {
  const { elapsed } = await autojump(async () => {
    const limit = rateLimit({ key: 'calls', capacity: 50, per: 1000, algorithm: 'leaky-bucket' })
    for (let i = 0; i < 50; i++) await limit.acquire()
    let granted = 0
    for (let time = 0; time < 1000; time++) {
      await delay(1)
      if (limit.tryAcquire() !== undefined) granted += 1
    }
    expect(granted).toBe(50)
  })
  expect(elapsed).toBe(1000)
})

it('counts a rate that is finer than the clock', async () => {
  const { elapsed } = await autojump(async () => {
    const limit = rateLimit({ key: 'calls', capacity: 3, per: 10, algorithm: 'token-bucket' })
    for (let i = 0; i < 33; i++) await limit.acquire()
  })
  expect(elapsed).toBe(100)
})

it('keeps the log of a sliding window no longer than the window', async () => {
  await autojump(async () => {
    const limit = rateLimit({ key: 'calls', capacity: 2, per: 2, algorithm: 'sliding-window' })
    for (let i = 0; i < 5000; i++) await limit.acquire()
    expect(limit.stats().used).toBe(2)
  })
})

describe('callLimit', () => {
  it('is a sliding window named calls', async () => {
    const { elapsed } = await autojump(async () => {
      const limit = callLimit(2, 100)
      expect([limit.key, limit.capacity]).toEqual(['calls', 2])
      await limit.acquire()
      await delay(50)
      for (let i = 0; i < 3; i++) await limit.acquire()
    })
    expect(elapsed).toBe(150)
  })

  it('refuses what is no number of calls or no time', () => {
    expect(() => callLimit(0, 1000)).toThrow(RangeError)
    expect(() => callLimit(1, Number.POSITIVE_INFINITY)).toThrow(RangeError)
    expect(() => callLimit(1, 0)).toThrow(RangeError)
    expect(() => callLimit(1, Number.NaN)).toThrow(RangeError)
    expect(() => callLimit(1, '1s' as never)).toThrow(TypeError)
  })
})

describe('rateLimit', () => {
  it('refuses wrong options, naming them', () => {
    const right = { key: 'tokens', capacity: 1, per: 1 } as const
    expect(() => rateLimit(undefined as never)).toThrow(TypeError)
    expect(() => rateLimit({ ...right, key: 1 as never })).toThrow('key must be a string')
    expect(() => rateLimit({ ...right, capacity: 1.5 })).toThrow(
      'capacity must be a positive integer or Infinity, got 1.5',
    )
    expect(() => rateLimit({ ...right, per: -1 })).toThrow('per must be a positive, finite number of milliseconds')
    expect(() => rateLimit({ ...right, algorithm: 'guess' as never })).toThrow("'sliding-window'")
  })
})
