import { duration } from '../options.ts'

/** How the wait before a retry grows with the number of the attempt that failed (1-based), in milliseconds. */
export type Backoff = 'exponential' | 'linear' | 'fibonacci' | ((attempt: number) => number)

/** The factors by which the first wait grows: 1 2 4 8 …, 1 2 3 4 …, 1 1 2 3 5 … */
const FACTOR = {
  exponential: (attempt: number) => 2 ** (attempt - 1),
  linear: (attempt: number) => attempt,
  fibonacci,
}

/** What a wait is made of. */
export interface Waiting {
  readonly backoff: Backoff
  readonly wait: number
  readonly maxWait: number
  readonly jitter: number | 'full'
}

/**
 * The wait after a failed attempt. Jitter spreads it: 0.3 over ±30 %, `'full'` over everything from 0 on ("Full Jitter",
 * Brooker, Exponential Backoff And Jitter, AWS Architecture Blog 2015). Never more than `maxWait`. Throws what a backoff
 * function throws, and `TypeError` or `RangeError` when it gives no duration.
 */
export function waitBefore({ backoff, wait, maxWait, jitter }: Waiting, attempt: number): number {
  const grown =
    typeof backoff === 'function' ? duration('backoff', backoff(attempt)) : wait * factor(FACTOR[backoff](attempt))
  const planned = Math.min(grown, maxWait)
  const spread = jitter === 'full' ? Math.random() : 1 + jitter * (2 * Math.random() - 1)
  return Math.min(planned * spread, maxWait)
}

/** Growth without end leaves the range of numbers, and a wait of 0 must stay 0 there: 0 times Infinity is no number. */
function factor(grown: number): number {
  return Math.min(grown, Number.MAX_VALUE)
}

function fibonacci(n: number): number {
  let [current, next] = [1, 1]
  for (let index = 1; index < n; index += 1) [current, next] = [next, current + next]
  return current
}
