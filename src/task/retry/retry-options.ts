import type { ErrorClass } from './predicates.ts'

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

export type ErrorPredicate = (error: unknown, attempt: number) => boolean | PromiseLike<boolean>
/** A method, for whose parameters TypeScript takes a predicate of less or more than `R`: options made elsewhere fit. */
export type ResultPredicate<R> = { holds(result: R, attempt: number): boolean | PromiseLike<boolean> }['holds']

/**
 * When and how a failed task, whose result is an `R`, is tried again. Attempts are `retries` + 1; a task that waits for the next holds no slot.
 *
 * Predicates may be asynchronous: until they have answered the attempt is not over and keeps its slot, but a cancel or
 * the deadline ends it at once. What they throw, and what `backoff` throws, is logged the first time.
 */
export interface RetryOptions<R = unknown> {
  /** How many times after the first. A whole number or `Infinity`. */
  readonly retries: number
  /** How the wait grows; a function gets `{ attempt, error, elapsed }` and gives milliseconds. @default 'exponential' */
  readonly backoff?: Backoff
  /** Milliseconds before the first retry. With 0 it follows at once, behind what waits already. @default 1_000 */
  readonly wait?: number
  /** Milliseconds that no wait exceeds. @default Infinity */
  readonly maxWait?: number
  /** How far waits are spread at random: 0 exact, 0.3 over ±30 %, `'full'` from 0 to the whole. @default 0 */
  readonly jitter?: number | 'full'
  /**
   * Error classes and predicates; one that matches is enough, one that throws counts as no; an empty list matches none.
   * A class takes errors of other realms, such as a `vm` context, by name.
   *
   * @default every error
   */
  readonly retryOn?: ErrorClass | ErrorPredicate | readonly (ErrorClass | ErrorPredicate)[]
  /** What must hold of the result, all of them; one that throws counts as no. @default every result will do */
  readonly retryUntil?: ResultPredicate<R> | readonly ResultPredicate<R>[]
}
