import { now } from '../../base/clock.ts'
import { RetryValidationError } from '../../base/errors.ts'
import { callback, count, duration, fraction, type Known, knownOptions, oneOf, show } from '../../base/options.ts'
import { isThenable, settled } from '../../base/thenable.ts'
import { type Backoff, failedAttempt, type Waiting, waitBefore } from './backoff.ts'
import { type ErrorClass, isErrorClass, isOfClass, isOtherClass } from './error-class.ts'

type ErrorPredicate = (error: unknown, attempt: number) => boolean | PromiseLike<boolean>
/** A method, for whose parameters TypeScript takes a predicate of less or more than `R`: options made elsewhere fit. */
type ResultPredicate<R> = { holds(result: R, attempt: number): boolean | PromiseLike<boolean> }['holds']

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
  /** Milliseconds before the first retry. @default 1_000 */
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

const RETRY_OPTIONS: Known<RetryOptions> = {
  retries: true,
  backoff: true,
  wait: true,
  maxWait: true,
  jitter: true,
  retryOn: true,
  retryUntil: true,
}

/** Checked, with defaults. */
export interface RetryPolicy extends Waiting {
  readonly retries: number
  /** No list at all takes every error, an empty one none. */
  readonly retryOn: readonly ErrorPredicate[] | undefined
  readonly retryUntil: readonly ResultPredicate<unknown>[]
}

export function retryPolicy(retry: number | RetryOptions | undefined): RetryPolicy | undefined {
  if (retry === undefined) return undefined
  const given: RetryOptions =
    typeof retry === 'number' ? { retries: retry } : (knownOptions('retry', retry, RETRY_OPTIONS) as RetryOptions)
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
  if (isErrorClass(accepted)) return error => isOfClass(error, accepted)
  if (!isOtherClass(accepted)) return accepted as ErrorPredicate
  throw new TypeError(`retry.retryOn must be classes of errors or predicates, got the class ${show(accepted.name)}`)
}

/** Another attempt is due in `delay` milliseconds, because of `error`. */
export interface Again {
  readonly status: 'pending'
  readonly delay: number
  readonly error: unknown
}

/** What is to become of an attempt that has ended. */
export type Verdict = Again | { readonly status: 'done' | 'failed'; readonly outcome: unknown }

/** Told of each fault in one of the user's functions. */
export type Blame = (culprit: object, error: unknown, message: string) => void

/** The retries of one task: judges each attempt, and remembers results that were refused. */
export class Retries {
  readonly #policy: RetryPolicy
  readonly #label: string
  readonly #blame: Blame
  readonly #results: unknown[] = []
  readonly #reasons: unknown[] = []
  #over = false

  constructor(policy: RetryPolicy, label: string, blame: Blame) {
    this.#policy = policy
    this.#label = label
    this.#blame = blame
  }

  /** No attempt may follow any more, also if the policy is being asked just now. */
  end(): void {
    this.#over = true
  }

  /** What becomes of an attempt; `firstStart` is when the first one started. Never throws or rejects. */
  judge(attempt: number, ok: boolean, value: unknown, firstStart: number): Eventually<Verdict> {
    if (ok) {
      return whenKnown(this.#refusal(value, attempt), refusal => {
        if (refusal === undefined) return { status: 'done', outcome: value }
        this.#results.push(value)
        this.#reasons.push(refusal.error)
        return this.#again(attempt, refusal.error, firstStart) ?? { status: 'failed', outcome: this.#givenUp(attempt) }
      })
    }
    const failed = { status: 'failed', outcome: value } as const
    if (this.#spent(attempt)) return failed
    return whenKnown(this.#accepts(value, attempt), accepted =>
      accepted ? (this.#again(attempt, value, firstStart) ?? failed) : failed,
    )
  }

  #spent(attempt: number): boolean {
    return attempt > this.#policy.retries || this.#over
  }

  #again(attempt: number, error: unknown, firstStart: number): Again | undefined {
    if (this.#spent(attempt)) return undefined
    const delay = this.#delay(attempt, error, now() - firstStart)
    return delay === undefined || this.#spent(attempt) ? undefined : { status: 'pending', delay, error }
  }

  #accepts(error: unknown, attempt: number, from = 0): Eventually<boolean> {
    const { retryOn } = this.#policy
    const matches = retryOn?.[from]
    if (matches === undefined) return retryOn === undefined
    return whenKnown(
      this.#ask(matches, () => matches(error, attempt), 'retryOn'),
      ({ yes }) => (yes ? true : this.#accepts(error, attempt, from + 1)),
    )
  }

  /** Why a result is not good enough, if it is not. */
  #refusal(result: unknown, attempt: number, from = 0): Eventually<{ readonly error: unknown } | undefined> {
    const predicate = this.#policy.retryUntil[from]
    if (predicate === undefined) return undefined
    const answer = this.#ask(predicate, () => predicate(result, attempt), 'retryUntil')
    return whenKnown(answer, ({ yes, thrown }) => {
      if (yes) return this.#refusal(result, attempt, from + 1)
      return thrown ?? { error: new Error(`the result was refused by ${show(predicate)}`) }
    })
  }

  #ask(predicate: object, call: () => unknown, option: string): ReturnType<typeof ask> {
    return whenKnown(ask(call), answer => {
      if (answer.thrown !== undefined) {
        this.#blame(predicate, answer.thrown.error, `a predicate of ${option} threw, which counts as no`)
      }
      return answer
    })
  }

  /** A backoff function that throws or gives no duration ends the retries: the task's own error must not be lost to it. */
  #delay(attempt: number, error: unknown, elapsed: number): number | undefined {
    const { backoff } = this.#policy
    try {
      return waitBefore(this.#policy, failedAttempt(attempt, error, elapsed))
    } catch (thrown) {
      this.#blame(Object(backoff), thrown, `backoff gave no wait, so ${this.#label} is not tried again`)
      return undefined
    }
  }

  #givenUp(attempts: number): RetryValidationError {
    const message = `${this.#label} gave no result that retryUntil accepts in ${attempts} attempt${attempts === 1 ? '' : 's'}`
    return new RetryValidationError(message, attempts, this.#results, this.#reasons)
  }
}

/** Known by now, or promised. A promise of these is always one of ours: see {@link whenKnown}. */
export type Eventually<T> = T | Promise<T>

/** What a predicate said. One that throws or rejects says no. */
export interface Answer {
  readonly yes: boolean
  readonly thrown?: { readonly error: unknown }
}

/** Asks a user's predicate; never throws, and what it gives never rejects. */
export function ask(predicate: () => unknown): Eventually<Answer> {
  try {
    const answer = predicate()
    return isThenable(answer) ? settled(answer).then(answered, threw) : answered(answer)
  } catch (error) {
    return threw(error)
  }
}

/** Goes on at once with what is known, so that nothing is a microtask late that need not be. */
function whenKnown<T, R>(known: Eventually<T>, next: (known: T) => Eventually<R>): Eventually<R> {
  return known instanceof Promise ? known.then(next) : next(known)
}

function answered(answer: unknown): Answer {
  if (typeof answer !== 'object' || answer === null) return { yes: Boolean(answer) }
  return threw(new TypeError(`a predicate must answer true or false, got ${show(answer)}`))
}

function threw(error: unknown): Answer {
  return { yes: false, thrown: { error } }
}
