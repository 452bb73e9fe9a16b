import { capacity as capacityOf, interval, type Known, oneOf, requiredOptions, string } from '../base/options.ts'
import { Bucket } from './algorithms/bucket.ts'
import { FixedWindow } from './algorithms/fixed-window.ts'
import type { LimitAlgorithm, RateAlgorithm } from './algorithms/limit-algorithm.ts'
import { SlidingWindow } from './algorithms/sliding-window.ts'
import { SingleLimit } from './single-limit.ts'
import type { Limit } from './types.ts'

/** What a rate limit is. */
export interface RateLimitOptions {
  /** What it is called in amounts. */
  readonly key: string
  /** How much per `per`: a positive integer, or `Infinity` for no limit. */
  readonly capacity: number
  /** Milliseconds: more than zero and finite. */
  readonly per: number
  /** How it is counted. @default 'sliding-window' */
  readonly algorithm?: RateAlgorithm
}

const RATE_LIMIT_OPTIONS: Known<RateLimitOptions> = { key: true, capacity: true, per: true, algorithm: true }

const ALGORITHMS: Readonly<Record<RateAlgorithm, new (capacity: number, per: number) => LimitAlgorithm>> = {
  'sliding-window': SlidingWindow,
  'fixed-window': FixedWindow,
  'token-bucket': Bucket,
  'leaky-bucket': Bucket,
  gcra: Bucket,
}

/**
 * So much of something per time: tokens, bytes, requests. What is taken is used up and comes back with time, not with the
 * release of the permit; only `permit.update()` gives back what was not needed. Time is the monotonic clock: setting the
 * wall clock changes nothing.
 *
 * Alone it counts 1 unless another amount is named. In a set, only what is named is taken.
 *
 * ```ts
 * const tokens = rateLimit({ key: 'tokens', capacity: 100_000, per: 60_000, algorithm: 'token-bucket' })
 * ```
 */
export function rateLimit(options: RateLimitOptions): Limit {
  const { key, capacity, per, algorithm = 'sliding-window' } = requiredOptions('options', options, RATE_LIMIT_OPTIONS)
  const name = string('key', key)
  const Algorithm = ALGORITHMS[oneOf('algorithm', Object.keys(ALGORITHMS) as RateAlgorithm[], algorithm)]
  const counted = new Algorithm(capacityOf('capacity', capacity), interval('per', per))
  return new SingleLimit(name, counted, 0, { algorithm, per })
}

/**
 * At most `n` calls in any stretch of `per` milliseconds: a sliding-window rate limit with the key `calls`, which counts 1
 * also in a set that does not name it. A call that was made is used up; releasing the permit does not bring it back.
 *
 * @param n a positive integer, or `Infinity` for no limit
 * @param per milliseconds: more than zero and finite
 */
export function callLimit(n: number, per: number): Limit {
  const algorithm = new SlidingWindow(capacityOf('n', n), interval('per', per))
  return new SingleLimit('calls', algorithm, 1, { algorithm: 'sliding-window', per })
}
