import { abortSignal, boolean, duration, type Known, ordering, show, string } from '../base/options.ts'
import type { PermitSource } from '../limits/acquire/permit-source.ts'
import { checkLimit, permitSourceOf } from '../limits/permit-source-of.ts'
import type { Amounts, LimitPermit, Limits } from '../limits/types.ts'
import { type RetryOptions, type RetryPolicy, retryPolicy } from './retry/retry.ts'
import type { Carrier } from './run-trace.ts'

/** How one task is run, whose result is an `R`. */
export interface SpawnOptions<R = unknown> {
  /** @default `task N` */
  readonly name?: string
  /** A kind, for your own queries over records. */
  readonly type?: string
  /** Higher goes first, first come first served within. Any number. @default 0 */
  readonly priority?: number
  /** Milliseconds for one attempt, from its start. @default Infinity */
  readonly timeout?: number
  /** Milliseconds for everything, from `spawn` on: waiting and all attempts. @default Infinity */
  readonly deadline?: number
  /** Aborting it cancels the task with the signal's reason. */
  readonly signal?: AbortSignal
  /** How often and when to try again after a failure or a timeout; a number is `retries`. @default 0 */
  readonly retry?: number | RetryOptions<R>
  /** What each attempt needs before it takes a slot, and gives back when its work has stopped. */
  readonly limits?: Limits
  /**
   * How much of each limit, by key; call and resource limits that are not named count 1, rates in a set must be named.
   * `'none'`: nothing, for work that acquires by itself (`task.limits`).
   */
  readonly cost?: Amounts | 'none'
  /**
   * `true`: starts in the very call, where otherwise a later microtask does, if a slot is free that nobody who goes before
   * it needs, and if it has not to wait for limits together with others. @default false
   */
  readonly startNow?: boolean
}

export const SPAWN_OPTIONS: Known<SpawnOptions> = {
  name: true,
  type: true,
  priority: true,
  timeout: true,
  deadline: true,
  signal: true,
  retry: true,
  limits: true,
  cost: true,
  startNow: true,
}

/** The options of `spawn`, checked and with their defaults. */
export interface SpawnSettings {
  readonly name: string | undefined
  readonly type: string | undefined
  readonly priority: number
  readonly timeout: number
  readonly deadline: number
  readonly signal: AbortSignal | undefined
  readonly retry: RetryPolicy | undefined
  readonly limits: Limits | undefined
  /** What the limits are asked for before each attempt. */
  readonly source: PermitSource<LimitPermit> | undefined
  readonly startNow: boolean
  /** Makes a message ready for the way to where the work is; throws for what can't go there. */
  readonly carry: ((message: unknown) => unknown) | undefined
  /** What its caller on another machine has sent along. */
  readonly origin: Carrier | undefined
}

const SPAWN_DEFAULTS: SpawnSettings = Object.freeze({
  name: undefined,
  type: undefined,
  priority: 0,
  timeout: Number.POSITIVE_INFINITY,
  deadline: Number.POSITIVE_INFINITY,
  signal: undefined,
  retry: undefined,
  limits: undefined,
  source: undefined,
  startNow: false,
  carry: undefined,
  origin: undefined,
})

/** Checks the values of options whose names were checked. */
export function spawnSettings(options: SpawnOptions | undefined, defaults = SPAWN_DEFAULTS): SpawnSettings {
  if (options === undefined) return defaults
  const { name, type, priority, timeout, deadline, signal, retry, limits = defaults.limits, cost, startNow } = options
  return {
    name: name === undefined ? undefined : string('name', name),
    type: type === undefined ? undefined : string('type', type),
    priority: priority === undefined ? defaults.priority : ordering('priority', priority),
    timeout: timeout === undefined ? defaults.timeout : duration('timeout', timeout),
    deadline: deadline === undefined ? defaults.deadline : duration('deadline', deadline),
    signal: signal === undefined ? undefined : abortSignal('signal', signal),
    retry: retry === undefined ? defaults.retry : retryPolicy(retry),
    limits,
    source: cost === undefined && limits === defaults.limits ? defaults.source : demandFor(limits, cost),
    startNow: startNow === undefined ? defaults.startNow : boolean('startNow', startNow),
    carry: undefined,
    origin: undefined,
  }
}

function demandFor(
  limits: Limits | undefined,
  cost: Amounts | 'none' | undefined,
): PermitSource<LimitPermit> | undefined {
  if (limits !== undefined && cost === 'none') return void checkLimit(limits)
  if (limits !== undefined) return permitSourceOf(limits, cost as Amounts | undefined, false, true)
  if (cost !== undefined) throw new TypeError('cost says what limits are asked for, but limits is not given')
  return undefined
}

/** Refuses what is no work, saying what to hand over instead. */
export function refuseWork(work: unknown): never {
  if (isObject(work) && typeof (work as Partial<PromiseLike<unknown>>).then === 'function') {
    throw new TypeError(
      'work must be a function, got a promise, which is already running: pass () => promise, so that the manager starts it',
    )
  }
  if (
    isObject(work) &&
    typeof (work as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function' &&
    !Array.isArray(work)
  ) {
    throw new TypeError(
      'work must be a function, got an operation: pass the function that makes it, such as function* () { … }',
    )
  }
  throw new TypeError(`work must be a function, got ${show(work)}`)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
