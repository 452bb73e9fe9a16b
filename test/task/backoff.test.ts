import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Waiting, waitBefore } from '../../src/task/retry/retry.ts'
import type { Backoff } from '../../src/task/retry/retry-options.ts'
import { runs } from '../fuzz/runs.ts'

afterEach(() => vi.restoreAllMocks())

const EXACT: Waiting = { backoff: 'exponential', wait: 100, maxWait: Number.POSITIVE_INFINITY, jitter: 0 }

function waitAfter(waiting: Partial<Waiting>, attempt: number): number {
  return waitBefore({ ...EXACT, ...waiting }, attempt, new Error('no'), 0)
}

function waits(waiting: Partial<Waiting>, attempts = 7): number[] {
  return Array.from({ length: attempts }, (_, index) => waitAfter(waiting, index + 1))
}

describe('the wait', () => {
  it('grows exponentially', () => {
    expect(waits({ backoff: 'exponential' })).toEqual([100, 200, 400, 800, 1600, 3200, 6400])
  })

  it('grows linearly', () => {
    expect(waits({ backoff: 'linear' })).toEqual([100, 200, 300, 400, 500, 600, 700])
  })

  it('grows with Fibonacci', () => {
    expect(waits({ backoff: 'fibonacci' })).toEqual([100, 100, 200, 300, 500, 800, 1300])
  })

  it('is what a function of the attempt gives, whatever wait says', () => {
    expect(waits({ backoff: attempt => attempt ** 2 })).toEqual([1, 4, 9, 16, 25, 36, 49])
  })

  it('is what a function of the attempt, its error and the time since the first start gives', () => {
    const backoff: Backoff = ({ attempt, error, elapsed }) =>
      attempt + elapsed + (error as { retryAfter: number }).retryAfter
    expect(waitBefore({ ...EXACT, backoff }, 2, { retryAfter: 700 }, 50)).toBe(752)
  })

  it('refuses an asynchronous function, and nobody has to handle its rejection', async () => {
    const backoff = () => Promise.reject(new Error('late')) as never
    expect(() => waitAfter({ backoff }, 1)).toThrow(/^backoff must be a number of milliseconds/)
  })

  it.each(['5', null, undefined, true, new Date(5), -1, Number.NaN, Promise.resolve(5), 5n])(
    'refuses %s from a function, also what would pass for a number by coercion',
    given => {
      const backoff = () => given as never
      expect(() => waitAfter({ backoff }, 1)).toThrow(/^backoff must be a number of milliseconds/)
    },
  )

  it('never exceeds maxWait, in no kind of growth', () => {
    for (const backoff of ['exponential', 'linear', 'fibonacci', (attempt: number) => attempt * 100] as const) {
      expect(Math.max(...waits({ backoff, maxWait: 250 }))).toBe(250)
      expect(waits({ backoff, maxWait: 250 })[0]).toBe(100)
    }
  })

  it('never exceeds maxWait with jitter either', () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999)
    expect(Math.max(...waits({ maxWait: 250, jitter: 0.5 }))).toBe(250)
  })

  it('is a duration at any attempt, also once the growth has left the range of numbers', () => {
    const anyWaiting = fc.record({
      backoff: fc.constantFrom('exponential', 'linear', 'fibonacci'),
      wait: fc.constantFrom(0, 1, 1000),
      maxWait: fc.constantFrom(0, 500, Number.POSITIVE_INFINITY),
      jitter: fc.constantFrom(0, 0.3, 1, 'full'),
    })
    fc.assert(
      fc.property(anyWaiting as fc.Arbitrary<Waiting>, fc.integer({ min: 1, max: 3000 }), (waiting, attempt) => {
        const delay = waitAfter(waiting, attempt)
        expect(delay).toBeGreaterThanOrEqual(0)
        expect(delay).toBeLessThanOrEqual(waiting.maxWait)
        if (waiting.wait === 0) expect(delay).toBe(0)
      }),
      runs(100),
    )
  })
})

describe('jitter', () => {
  /** Uniform on [0, 1), the same numbers each time: mulberry32. */
  function seededRandom(seed: number): () => number {
    let state = seed
    return () => {
      state = (state + 0x6d2b79f5) | 0
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
    }
  }

  function draws(jitter: number | 'full'): { min: number; max: number; mean: number; deviation: number } {
    vi.spyOn(Math, 'random').mockImplementation(seededRandom(42))
    const drawn = Array.from({ length: 20_000 }, () => waitAfter({ wait: 1000, jitter }, 1))
    const mean = drawn.reduce((sum, each) => sum + each, 0) / drawn.length
    const deviation = Math.sqrt(drawn.reduce((sum, each) => sum + (each - mean) ** 2, 0) / drawn.length)
    return { min: Math.min(...drawn), max: Math.max(...drawn), mean, deviation }
  }

  it('of 0 is exact, and draws no random number', () => {
    expect(draws(0)).toEqual({ min: 1000, max: 1000, mean: 1000, deviation: 0 })
    expect(Math.random).not.toHaveBeenCalled()
  })

  // A uniform distribution of this width: its standard deviation is the width divided by the square root of 12.
  it.each([
    { jitter: 0.1, from: 900, to: 1100 },
    { jitter: 0.3, from: 700, to: 1300 },
    { jitter: 1, from: 0, to: 2000 },
    { jitter: 'full', from: 0, to: 1000 },
  ] as const)('of $jitter spreads 1000 evenly over $from to $to: its size is not ignored', ({ jitter, from, to }) => {
    const { min, max, mean, deviation } = draws(jitter)
    const width = to - from
    expect(min).toBeGreaterThanOrEqual(from)
    expect(max).toBeLessThanOrEqual(to)
    expect(Math.abs(min - from)).toBeLessThan(width / 100)
    expect(Math.abs(max - to)).toBeLessThan(width / 100)
    expect(Math.abs(mean - (from + to) / 2)).toBeLessThan(width / 100)
    expect(Math.abs(deviation - width / Math.sqrt(12))).toBeLessThan(width / 100)
  })

  it('spreads what a function gives too', () => {
    vi.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(0.5)
    expect(waits({ backoff: () => 100, jitter: 0.3 }, 2)).toEqual([70, 100])
  })
})
