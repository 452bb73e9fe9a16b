import { now, startTimer, type Timer } from '../../base/clock.ts'
import { RetryValidationError } from '../../base/errors.ts'
import { callback, count, duration, fraction, type Known, knownOptions, oneOf, show } from '../../base/options.ts'
import { keepResident } from '../../base/resident.ts'
import { isThenable, settled } from '../../base/thenable.ts'
import {
  ask,
  type ErrorClass,
  type Eventually,
  isErrorClass,
  isOfClass,
  isOtherClass,
  whenKnown,
} from './predicates.ts'
import type { Backoff, ErrorPredicate, FailedAttempt, ResultPredicate, RetryOptions } from './retry-options.ts'

const RETRY_OPTIONS: Known<RetryOptions> = {
  retries: true,
  backoff: true,
  wait: true,
  maxWait: true,
  jitter: true,
  retryOn: true,
  retryUntil: true,
}

/** What a wait is made of. */
export interface Waiting {
  readonly backoff: Backoff
  readonly wait: number
  readonly maxWait: number
  readonly jitter: number | 'full'
}

/** Checked, with defaults. */
export interface RetryPolicy extends Waiting {
  readonly retries: number
  /** No list at all takes every error, an empty one none. */
  readonly retryOn: readonly ErrorPredicate[] | undefined
  readonly retryUntil: readonly ResultPredicate<unknown>[]
  /** Whether it has a say in what did not fail. */
  readonly judgesResults: boolean
  begin(label: string, blame: Blame): Retries
}

export function retryPolicy(retry: number | RetryOptions | undefined): RetryPolicy | undefined {
  if (retry === undefined) return undefined
  const given: RetryOptions =
    typeof retry === 'number' ? { retries: retry } : (knownOptions('retry', retry, RETRY_OPTIONS) as RetryOptions)
  const { retries, backoff = 'exponential', wait = 1_000, maxWait = Number.POSITIVE_INFINITY, jitter = 0 } = given
  const retryUntil = list('retry.retryUntil', given.retryUntil)
  const policy: RetryPolicy = {
    retries: count('retry.retries', retries),
    backoff:
      typeof backoff === 'function' ? backoff : oneOf('retry.backoff', ['exponential', 'linear', 'fibonacci'], backoff),
    wait: duration('retry.wait', wait),
    maxWait: duration('retry.maxWait', maxWait),
    jitter: jitter === 'full' ? jitter : fraction('retry.jitter', jitter),
    retryOn: given.retryOn === undefined ? undefined : list('retry.retryOn', given.retryOn).map(matcher),
    retryUntil,
    judgesResults: retryUntil.length > 0,
    begin,
  }
  if (typeof backoff === 'function' || policy.retryOn !== undefined || policy.judgesResults) return policy
  if (!isSameWait(policy, latest)) latest = policy
  return latest
}

function begin(this: RetryPolicy, label: string, blame: Blame): Retries {
  return new Retries(this, label, blame)
}

/** Of numbers alone: tasks that are spawned with the same one after another share it. */
let latest: RetryPolicy | undefined

function isSameWait(policy: RetryPolicy, other: RetryPolicy | undefined): boolean {
  return (
    policy.retries === other?.retries &&
    policy.backoff === other.backoff &&
    policy.wait === other.wait &&
    policy.maxWait === other.maxWait &&
    policy.jitter === other.jitter
  )
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

/** Says what follows an attempt that has ended. */
export interface Judge {
  judge(attempt: number, ok: boolean, value: unknown, firstStart: number): Eventually<Verdict>
  /** None may follow any more. */
  end(): void
}

/** A task that may be tried again. */
export interface RetriedTask {
  readonly label: string
  readonly attempt: number
  readonly startedAt: number
  readonly owner: { blame: Blame }
  more(): { retries: Judge | undefined }
}

/** Who judges the attempts of a task, by this policy. */
export function judgeOf(task: RetriedTask, policy: { begin(label: string, blame: Blame): Judge }): Judge {
  return (task.more().retries ??= policy.begin(task.label, (...fault) => task.owner.blame(...fault)))
}

/** The retries of one task: judges each attempt, and remembers results that were refused. */
class Retries {
  readonly #policy: RetryPolicy
  readonly #label: string
  readonly #blame: Blame
  /** Results that were refused, with what was wrong with them. */
  #refused: { readonly results: unknown[]; readonly reasons: unknown[] } | undefined
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
        this.#refused ??= { results: [], reasons: [] }
        this.#refused.results.push(value)
        this.#refused.reasons.push(refusal.error)
        return this.#again(attempt, refusal.error, firstStart) ?? { status: 'failed', outcome: this.#givenUp(attempt) }
      })
    }
    const failed = { status: 'failed', outcome: value } as const
    if (this.#spent(attempt)) return failed
    const { retryOn } = this.#policy
    if (retryOn === undefined) return this.#again(attempt, value, firstStart) ?? failed
    return whenKnown(this.#accepts(value, attempt, retryOn), accepted =>
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

  #accepts(error: unknown, attempt: number, retryOn: readonly ErrorPredicate[], from = 0): Eventually<boolean> {
    const matches = retryOn[from]
    if (matches === undefined) return false
    return whenKnown(
      this.#ask(matches, () => matches(error, attempt), 'retryOn'),
      ({ yes }) => (yes ? true : this.#accepts(error, attempt, retryOn, from + 1)),
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
      return waitBefore(this.#policy, attempt, error, elapsed)
    } catch (thrown) {
      this.#blame(Object(backoff), thrown, `backoff gave no wait, so ${this.#label} is not tried again`)
      return undefined
    }
  }

  #givenUp(attempts: number): RetryValidationError {
    const message = `${this.#label} gave no result that retryUntil accepts in ${attempts} attempt${attempts === 1 ? '' : 's'}`
    const { results = [], reasons = [] } = this.#refused ?? {}
    return new RetryValidationError(message, attempts, results, reasons)
  }
}

/** The factors by which the first wait grows: 1 2 4 8 …, 1 2 3 4 …, 1 1 2 3 5 … */
const FACTOR = {
  exponential: (attempt: number) => 2 ** (attempt - 1),
  linear: (attempt: number) => attempt,
  fibonacci,
}

/**
 * The wait after a failed attempt. Jitter spreads it: 0.3 over ±30 %, `'full'` over everything from 0 on ("Full Jitter",
 * Brooker, Exponential Backoff And Jitter, AWS Architecture Blog 2015). Never more than `maxWait`. Throws what a backoff
 * function throws, and `TypeError` or `RangeError` when it gives no duration.
 */
export function waitBefore(waiting: Waiting, attempt: number, error: unknown, elapsed: number): number {
  const { backoff, wait, maxWait, jitter } = waiting
  const grown =
    typeof backoff === 'function'
      ? waitGiven(backoff(failedAttempt(attempt, error, elapsed)))
      : wait * factor(FACTOR[backoff](attempt))
  const planned = Math.min(grown, maxWait)
  if (jitter === 0) return planned
  const spread = jitter === 'full' ? Math.random() : 1 + jitter * (2 * Math.random() - 1)
  return Math.min(planned * spread, maxWait)
}

/** A failed attempt in the form in which backoff functions get it. */
function failedAttempt(attempt: number, error: unknown, elapsed: number): FailedAttempt {
  return Object.freeze(Object.assign(new Number(attempt), { attempt, error, elapsed })) as FailedAttempt
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

/**
 * Of so many attempts without a wait the last follows after a turn of the event loop: what fails again and again must not
 * keep timers from firing, and not those of a test whose clock stands still meanwhile.
 */
const AT_ONCE = 16

/** The wait of an attempt that follows at once: as soon as the slot of the last one is free. */
export const NO_PAUSE: Timer = { cancel: () => {} }

/** Calls `goOn` when the wait before the next attempt is over, if there is one. */
export function pauseAfter(attempt: number, delay: number, goOn: () => void): Timer {
  return delay > 0 || attempt % AT_ONCE === 0 ? startTimer(delay, goOn) : NO_PAUSE
}

keepResident(new Retries(retryPolicy(0) as RetryPolicy, '', () => {}))
