import { capacity, interval } from '../base/options.ts'
import { SlidingWindow } from './algorithms/sliding-window.ts'
import { SingleLimit } from './single-limit.ts'
import type { Limit } from './types.ts'

/**
 * At most `n` calls in any stretch of `per` milliseconds: a sliding-window rate limit with the key `calls`, which counts 1
 * also in a set that does not name it. A call that was made is used up; releasing the permit does not bring it back.
 *
 * @param n a positive integer, or `Infinity` for no limit
 * @param per milliseconds: more than zero and finite
 */
export function callLimit(n: number, per: number): Limit {
  const algorithm = new SlidingWindow(capacity('n', n), interval('per', per))
  return new SingleLimit('calls', algorithm, 1, { algorithm: 'sliding-window', per })
}
