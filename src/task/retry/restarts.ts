import { now } from '../../base/clock.ts'
import { TooManyRestartsError } from '../../base/errors.ts'
import { callback, count, duration, fraction, interval, type Known, oneOf } from '../../base/options.ts'
import { type Blame, type Verdict, type Waiting, waitBefore } from './retry.ts'
import type { Backoff } from './retry-options.ts'

/** When and how often work is started again that should go on for good. */
export interface RestartOptions {
  /** `'onFailure'`: when it fails or is late. `'always'`: also when it returns. @default 'onFailure' */
  readonly restart?: 'onFailure' | 'always'
  /**
   * How many times within `per` milliseconds; with one more it fails with `TooManyRestartsError`. A whole number or
   * `Infinity`. As the `intensity` of a supervisor in Erlang/OTP, with the defaults of Elixir. @default 3
   */
  readonly maxRestarts?: number
  /** Milliseconds, a window that slides. @default 5_000 */
  readonly per?: number
  /** How the wait grows with the restarts of the last `per` milliseconds; a function gives milliseconds. @default 'exponential' */
  readonly backoff?: Backoff
  /** Milliseconds before the first restart. @default 1_000 */
  readonly wait?: number
  /** Milliseconds that no wait exceeds. @default Infinity */
  readonly maxWait?: number
  /** How far waits are spread at random: 0 exact, 0.3 over ±30 %, `'full'` from 0 to the whole. @default 0 */
  readonly jitter?: number | 'full'
}

export const RESTART_OPTIONS: Known<RestartOptions> = {
  restart: true,
  maxRestarts: true,
  per: true,
  backoff: true,
  wait: true,
  maxWait: true,
  jitter: true,
}

/** Checked, with defaults. */
export interface RestartPolicy extends Waiting {
  /** Whether it is started again when it did not fail. */
  readonly judgesResults: boolean
  readonly maxRestarts: number
  readonly per: number
  begin(label: string, blame: Blame): Restarts
}

/** Beyond so many restarts no wait grows any more. */
const MOST_COUNTED = 64

export function restartPolicy(options: RestartOptions): RestartPolicy {
  const { restart = 'onFailure', maxRestarts = 3, per = 5_000, backoff = 'exponential', jitter = 0 } = options
  const { wait = 1_000, maxWait = Number.POSITIVE_INFINITY } = options
  return {
    judgesResults: oneOf('restart', ['onFailure', 'always'], restart) === 'always',
    maxRestarts: count('maxRestarts', maxRestarts),
    per: interval('per', per),
    backoff:
      typeof backoff === 'function'
        ? callback('backoff', backoff)
        : oneOf('backoff', ['exponential', 'linear', 'fibonacci'], backoff),
    wait: duration('wait', wait),
    maxWait: duration('maxWait', maxWait),
    jitter: jitter === 'full' ? jitter : fraction('jitter', jitter),
    begin,
  }
}

function begin(this: RestartPolicy, label: string, blame: Blame): Restarts {
  return new Restarts(this, label, blame)
}

/** The restarts of one task. */
class Restarts {
  readonly #policy: RestartPolicy
  readonly #label: string
  readonly #blame: Blame
  /** When they were decided on, as far as that counts still. */
  readonly #times: number[] = []
  #over = false

  constructor(policy: RestartPolicy, label: string, blame: Blame) {
    this.#policy = policy
    this.#label = label
    this.#blame = blame
  }

  /** None may follow any more. */
  end(): void {
    this.#over = true
  }

  /** What follows a run that has ended; `firstStart` is when the first one started. Never throws. */
  judge(_: number, ok: boolean, value: unknown, firstStart: number): Verdict {
    const ended = { status: ok ? 'done' : 'failed', outcome: value } as const
    if (this.#over || (ok && !this.#policy.judgesResults)) return ended
    const { maxRestarts, per } = this.#policy
    const at = now()
    while (this.#times.length > 0 && at - (this.#times[0] as number) >= per) this.#times.shift()
    if (this.#times.length >= maxRestarts) return { status: 'failed', outcome: this.#givenUp(ok, value) }
    const error = ok ? undefined : value
    const delay = this.#delay(error, at - firstStart)
    // The backoff function may have stopped the task itself.
    if (delay === undefined || this.#over) return ended
    this.#times.push(at)
    if (this.#times.length > MOST_COUNTED && maxRestarts === Number.POSITIVE_INFINITY) this.#times.shift()
    return { status: 'pending', delay, error }
  }

  /** What the work has ended with must not be lost to a backoff function that throws or gives no duration. */
  #delay(error: unknown, elapsed: number): number | undefined {
    try {
      return waitBefore(this.#policy, this.#times.length + 1, error, elapsed)
    } catch (thrown) {
      const message = `backoff gave no wait, so ${this.#label} is not started again`
      this.#blame(Object(this.#policy.backoff), thrown, message)
      return undefined
    }
  }

  #givenUp(ok: boolean, value: unknown): TooManyRestartsError {
    const { maxRestarts, per } = this.#policy
    const message = `${this.#label} would have been started again more than ${maxRestarts} times within ${per} ms: see the cause, or raise maxRestarts`
    return new TooManyRestartsError(message, maxRestarts, per, ok ? {} : { cause: value })
  }
}
