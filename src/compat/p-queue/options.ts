import { LONGEST_TIMER } from '../../base/clock.ts'
import { concurrency as checkedLimit, expected } from '../shared/expect.ts'

/** What a task is told. */
export interface TaskOptions {
  /** Aborted when the task's own signal is, or when it runs out of time; missing when it has neither. */
  readonly signal?: AbortSignal | undefined
}

/** How one task is added. */
export interface QueueAddOptions extends TaskOptions {
  /** Higher goes first, first come first served within. Any number. @default 0 */
  readonly priority?: number | undefined
  /** By which `setPriority` finds it. @default '1', '2' … */
  readonly id?: string | undefined
  /** Milliseconds it may run; `undefined`: no limit. @default that of the queue */
  readonly timeout?: number | undefined
}

/** How a queue works. */
export interface Options {
  /** How many tasks run at a time: a positive integer or `Infinity`. @default Infinity */
  readonly concurrency?: number | undefined
  /** Milliseconds a task may run. @default no limit */
  readonly timeout?: number | undefined
  /** `false`: starts paused. @default true */
  readonly autoStart?: boolean | undefined
  /** How many tasks start per `interval`: a positive integer or `Infinity`. @default Infinity */
  readonly intervalCap?: number | undefined
  /** Milliseconds; 0: no limit. @default 0 */
  readonly interval?: number | undefined
  /** Whether tasks that still run when an interval ends count in the next one. @default false */
  readonly carryoverIntervalCount?: boolean | undefined
  /** `true`: no more than `intervalCap` in any stretch of `interval`. `false`: in each of those that follow one another. @default false */
  readonly strict?: boolean | undefined
}

/** The rate, checked; nothing where there is none. */
export function rateOf(
  options: Options,
): { cap: number; interval: number; strict: boolean; carry: boolean } | undefined {
  const { intervalCap = Number.POSITIVE_INFINITY, interval = 0, strict = false } = options
  const cap = checkedLimit('intervalCap', intervalCap)
  if (!(Number.isFinite(interval) && interval >= 0)) throw expected('interval', 'a finite number >= 0', interval)
  if (cap !== Number.POSITIVE_INFINITY && interval > LONGEST_TIMER) {
    throw expected('interval', `at most ${LONGEST_TIMER} with an \`intervalCap\``, interval)
  }
  if (strict && interval === 0) throw new TypeError('The `strict` option requires a non-zero `interval`')
  if (strict && cap === Number.POSITIVE_INFINITY)
    throw new TypeError('The `strict` option requires a finite `intervalCap`')
  if (cap === Number.POSITIVE_INFINITY || interval === 0) return undefined
  return { cap, interval, strict, carry: options.carryoverIntervalCount === true && !strict }
}

export function timeoutOf(timeout: number | undefined): number | undefined {
  if (timeout === undefined || (Number.isFinite(timeout) && timeout > 0 && timeout <= LONGEST_TIMER)) return timeout
  throw expected('timeout', `a positive finite number up to ${LONGEST_TIMER}`, timeout)
}

export function priorityOf(priority: number): number {
  if (typeof priority === 'number' && !Number.isNaN(priority)) return priority
  throw expected('priority', 'a number', priority)
}

/** There is one queue behind a manager, which frees a slot only once the work has stopped. */
export function refuseQueueClass(options: object): void {
  if ('queueClass' in options && options.queueClass !== undefined) {
    throw new TypeError('`queueClass` is not supported: order tasks by `priority`, which `setPriority` changes')
  }
}
