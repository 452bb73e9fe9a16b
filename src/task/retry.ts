import { RetryValidationError } from '../errors.ts'
import { callback, count, duration, fraction, oneOf, optionsObject, show } from '../options.ts'
import { type Backoff, type Waiting, waitBefore } from './backoff.ts'

type ErrorClass = abstract new (...args: never[]) => Error
type ErrorPredicate = (error: unknown, attempt: number) => boolean
type ResultPredicate = (result: never, attempt: number) => boolean

/** When and how a failed task is tried again. Attempts are `retries` + 1; a task that waits for the next holds no slot. */
export interface RetryOptions {
  /** How many times after the first. A whole number or `Infinity`. */
  readonly retries: number
  /** How the wait grows; a function gets the number of the failed attempt and gives milliseconds. @default 'exponential' */
  readonly backoff?: Backoff
  /** Milliseconds before the first retry. @default 1_000 */
  readonly wait?: number
  /** Milliseconds that no wait exceeds. @default Infinity */
  readonly maxWait?: number
  /** How far waits are spread at random: 0 exact, 0.3 over ±30 %, `'full'` from 0 to the whole. @default 0 */
  readonly jitter?: number | 'full'
  /**
   * Error classes and predicates; one that matches is enough, one that throws counts as no; an empty list matches none.
   *
   * @default every error
   */
  readonly retryOn?: ErrorClass | ErrorPredicate | readonly (ErrorClass | ErrorPredicate)[]
  /** What must hold of the result, all of them; one that throws counts as no. @default every result will do */
  readonly retryUntil?: ResultPredicate | readonly ResultPredicate[]
}

/** Checked, with defaults. */
export interface RetryPolicy extends Waiting {
  readonly retries: number
  /** No list at all takes every error, an empty one none. */
  readonly retryOn: readonly ((error: unknown, attempt: number) => boolean)[] | undefined
  readonly retryUntil: readonly ResultPredicate[]
}

export function retryPolicy(retry: number | RetryOptions | undefined): RetryPolicy | undefined {
  if (retry === undefined) return undefined
  const given: RetryOptions =
    typeof retry === 'number' ? { retries: retry } : (optionsObject('retry', retry) as RetryOptions)
  const { retries, backoff = 'exponential', wait = 1_000, maxWait = Number.POSITIVE_INFINITY, jitter = 0 } = given
  return {
    retries: count('retry.retries', retries),
    backoff:
      typeof backoff === 'function' ? backoff : oneOf('retry.backoff', ['exponential', 'linear', 'fibonacci'], backoff),
    wait: duration('retry.wait', wait),
    maxWait: duration('retry.maxWait', maxWait),
    jitter: jitter === 'full' ? jitter : fraction('retry.jitter', jitter),
    retryOn: given.retryOn === undefined ? undefined : list('retry.retryOn', given.retryOn).map(matcher),
    retryUntil: list('retry.retryUntil', given.retryUntil),
  }
}

function list<F>(option: string, value: F | readonly F[] | undefined): readonly F[] {
  if (value === undefined) return []
  const functions = Array.isArray(value) ? (value as readonly F[]) : [value as F]
  return functions.map((each, index) => callback(Array.isArray(value) ? `${option}[${index}]` : option, each))
}

function matcher(accepted: ErrorClass | ErrorPredicate): ErrorPredicate {
  const { prototype } = accepted as { readonly prototype?: unknown }
  const isClass = accepted === Error || prototype instanceof Error
  return isClass ? error => error instanceof (accepted as ErrorClass) : (accepted as ErrorPredicate)
}

/** Another attempt is due in `delay` milliseconds, because of `error`. */
export interface Again {
  readonly status: 'pending'
  readonly delay: number
  readonly error: unknown
}

/** What is to become of an attempt that has ended. */
export type Verdict = Again | { readonly status: 'done' | 'failed'; readonly outcome: unknown }

/** The retries of one task: judges each attempt, and remembers results that were refused. */
export class Retries {
  readonly #policy: RetryPolicy
  readonly #label: string
  readonly #results: unknown[] = []
  readonly #reasons: unknown[] = []
  #stopped = false

  constructor(policy: RetryPolicy, label: string) {
    this.#policy = policy
    this.#label = label
  }

  /** No attempt may follow any more, also if the policy is being asked just now. */
  stop(): void {
    this.#stopped = true
  }

  judge(attempt: number, ok: boolean, value: unknown): Verdict {
    if (!ok) return this.#again(attempt, value, this.#accepts(value, attempt)) ?? { status: 'failed', outcome: value }
    const refused = this.#refuse(value, attempt)
    if (refused === undefined) return { status: 'done', outcome: value }
    this.#results.push(value)
    this.#reasons.push(refused.error)
    return this.#again(attempt, refused.error, true) ?? { status: 'failed', outcome: this.#givenUp(attempt) }
  }

  #again(attempt: number, error: unknown, accepted: boolean): Again | undefined {
    if (!accepted || attempt > this.#policy.retries) return undefined
    const delay = this.#delay(attempt)
    return delay === undefined || this.#stopped ? undefined : { status: 'pending', delay, error }
  }

  #accepts(error: unknown, attempt: number): boolean {
    const { retryOn } = this.#policy
    return retryOn === undefined || retryOn.some(matches => holds(() => matches(error, attempt)).ok)
  }

  /** Why a result is not good enough, if it is not. */
  #refuse(result: unknown, attempt: number): { readonly error: unknown } | undefined {
    for (const predicate of this.#policy.retryUntil) {
      const { ok, thrown } = holds(() => predicate(result as never, attempt))
      if (ok) continue
      return thrown ?? { error: new Error(`the result was refused by ${show(predicate)}`) }
    }
    return undefined
  }

  /** A backoff function that throws or gives no duration ends the retries: the task's own error must not be lost to it. */
  #delay(attempt: number): number | undefined {
    try {
      return waitBefore(this.#policy, attempt)
    } catch {
      return undefined
    }
  }

  #givenUp(attempts: number): RetryValidationError {
    const message = `${this.#label} gave no result that retryUntil accepts in ${attempts} attempt${attempts === 1 ? '' : 's'}`
    return new RetryValidationError(message, attempts, this.#results, this.#reasons)
  }
}

function holds(predicate: () => unknown): { readonly ok: boolean; readonly thrown?: { readonly error: unknown } } {
  try {
    const answer = predicate()
    if (typeof answer === 'object' && answer !== null) {
      throw new TypeError(`a predicate must answer true or false, got ${show(answer)}: it can't be asynchronous`)
    }
    return { ok: Boolean(answer) }
  } catch (error) {
    return { ok: false, thrown: { error } }
  }
}
