import { LONGEST_TIMER } from '../../base/clock.ts'

/** An attempt that failed, as the callbacks are told of it. */
export interface RetryContext {
  readonly error: Error
  /** Counts from 1. */
  readonly attemptNumber: number
  readonly retriesLeft: number
  readonly retriesConsumed: number
  /** Milliseconds until the next attempt; 0 when there is none. */
  readonly retryDelay: number
}

/** How and how often to try again. All times are milliseconds; `null` is as good as nothing. */
export interface Options {
  /** How often after the first attempt: a whole number from 0 or `Infinity`. @default 10 */
  readonly retries?: number | undefined
  /** By how much each delay is longer than the one before; 0 counts as 1. @default 2 */
  readonly factor?: number | undefined
  /** Before the first retry. @default 1_000 */
  readonly minTimeout?: number | undefined
  /** At most between two attempts. @default Infinity */
  readonly maxTimeout?: number | undefined
  /** Whether delays are multiplied by a random number from 1 to 2. @default false */
  readonly randomize?: boolean | undefined
  /** After so long nothing is tried again; no attempt is cut short. @default Infinity */
  readonly maxRetryTime?: number | undefined
  /** Aborting it ends the retries with its reason, once an attempt that runs has ended. */
  readonly signal?: AbortSignal | undefined
  /** Whether the process may end while a delay runs. @default false */
  readonly unref?: boolean | undefined
  /** Told of every failure; what it throws ends the retries. */
  readonly onFailedAttempt?: ((context: RetryContext) => void | Promise<void>) | undefined
  /** Whether to try again; what it throws ends the retries. @default true */
  readonly shouldRetry?: ((context: RetryContext) => boolean | Promise<boolean>) | undefined
  /** `false`: the failure does not count, and the next attempt comes without a delay. @default true */
  readonly shouldConsumeRetry?: ((context: RetryContext) => boolean | void | Promise<boolean | void>) | undefined
}

/** The options, checked and with their defaults. */
export interface Settings {
  readonly retries: number
  readonly maxRetryTime: number
  readonly signal: AbortSignal | undefined
  readonly unref: boolean
  readonly onFailedAttempt: NonNullable<Options['onFailedAttempt']>
  readonly shouldRetry: NonNullable<Options['shouldRetry']>
  readonly shouldConsumeRetry: NonNullable<Options['shouldConsumeRetry']>
  /** Milliseconds after so many retries that counted. */
  delayAfter(retries: number): number
}

/** Throws `TypeError` for what is no such option. */
export function settingsOf(options: Options): Settings {
  if (Object.hasOwn(options, 'forever'))
    throw new Error('The option `forever` is no longer supported: set `retries: Infinity`')
  const factor = finite('factor', options.factor ?? 2) || 1
  const minTimeout = finite('minTimeout', options.minTimeout ?? 1_000)
  const maxTimeout = Math.min(Math.ceil(time('maxTimeout', options.maxTimeout)), LONGEST_TIMER)
  const randomize = typed('randomize', 'boolean', options.randomize ?? false)
  return {
    retries: retriesOf(options.retries ?? 10),
    maxRetryTime: time('maxRetryTime', options.maxRetryTime),
    signal: signalOf(options.signal),
    unref: typed('unref', 'boolean', options.unref ?? false),
    onFailedAttempt: typed('onFailedAttempt', 'function', options.onFailedAttempt ?? (() => {})),
    shouldRetry: typed('shouldRetry', 'function', options.shouldRetry ?? (() => true)),
    shouldConsumeRetry: typed('shouldConsumeRetry', 'function', options.shouldConsumeRetry ?? (() => true)),
    delayAfter(retries) {
      const random = randomize ? 1 + Math.random() : 1
      return minTimeout === 0 ? 0 : Math.min(Math.round(random * minTimeout * factor ** retries), maxTimeout)
    },
  }
}

function retriesOf(value: number): number {
  if (typeof value !== 'number') throw wrong('retries', 'a number or Infinity')
  if (Number.isNaN(value)) throw wrong('retries', 'a valid number or Infinity, got NaN')
  if (value < 0) throw wrong('retries', 'a non-negative number')
  if (value === Number.POSITIVE_INFINITY || Number.isInteger(value)) return value
  throw wrong('retries', 'a non-negative integer or Infinity')
}

function time(option: string, value: number | undefined): number {
  const given = value ?? Number.POSITIVE_INFINITY
  return given === Number.POSITIVE_INFINITY ? given : finite(option, given, ' or Infinity')
}

function finite(option: string, value: number, more = ''): number {
  if (typeof value !== 'number' || Number.isNaN(value)) throw wrong(option, `a number${more}`)
  if (!Number.isFinite(value)) throw wrong(option, 'a finite number')
  if (value < 0) throw wrong(option, '≥ 0')
  return value
}

function typed<T>(option: string, type: 'boolean' | 'function', value: T): T {
  if (typeof value !== type) throw wrong(option, `a ${type}`)
  return value
}

function signalOf(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal == null) return undefined
  const { throwIfAborted, addEventListener, removeEventListener } = signal
  if ([throwIfAborted, addEventListener, removeEventListener].every(each => typeof each === 'function')) return signal
  throw wrong('signal', 'an AbortSignal')
}

function wrong(option: string, rule: string): TypeError {
  return new TypeError(`Expected \`${option}\` to be ${rule}.`)
}
