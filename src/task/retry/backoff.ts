import { duration } from '../../base/options.ts'
import { isThenable, settled } from '../../base/thenable.ts'

/**
 * A failed attempt, as a backoff function gets it: `({ attempt, error, elapsed }) => …`. It calculates as the number of
 * the attempt does, so `attempt => 100 * attempt` is one as well; being an object it is never `===` to a number.
 */
export type FailedAttempt = number & {
  /** 1 for the first. */
  readonly attempt: number
  /** What it threw; with `retryUntil`, why its result was refused. */
  readonly error: unknown
  /** Milliseconds since the first attempt started. */
  readonly elapsed: number
}

/** How the wait before a retry grows: by a rule, or as a function says, in milliseconds. */
export type Backoff = 'exponential' | 'linear' | 'fibonacci' | ((failed: FailedAttempt) => number)

/** A failed attempt in the form in which backoff functions get it. */
export function failedAttempt(attempt: number, error: unknown, elapsed: number): FailedAttempt {
  return Object.freeze(Object.assign(new Number(attempt), { attempt, error, elapsed })) as FailedAttempt
}

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
export function waitBefore({ backoff, wait, maxWait, jitter }: Waiting, failed: FailedAttempt): number {
  const grown =
    typeof backoff === 'function' ? waitGiven(backoff(failed)) : wait * factor(FACTOR[backoff](failed.attempt))
  const planned = Math.min(grown, maxWait)
  if (jitter === 0) return planned
  const spread = jitter === 'full' ? Math.random() : 1 + jitter * (2 * Math.random() - 1)
  return Math.min(planned * spread, maxWait)
}

function waitGiven(given: number): number {
  // An asynchronous backoff is refused, so nobody else will hear that it rejects.
  if (isThenable(given)) settled(given).catch(() => {})
  return duration('backoff', given)
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
