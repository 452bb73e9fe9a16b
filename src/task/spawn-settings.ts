import { abortSignal, boolean, duration, type Known, notEmpty, ordering, show, string } from '../base/options.ts'
import type { PermitSource } from '../limits/acquire/permit-source.ts'
import { checkLimit, permitSourceOf } from '../limits/permit-source-of.ts'
import type { Amounts, LimitPermit, Limits } from '../limits/types.ts'
import {
  type EntrySettings,
  entrySettings,
  type KeyOptions,
  type KeySettings,
  keySettings,
} from './entry/entry-settings.ts'
import type { RestartPolicy } from './retry/restarts.ts'
import { type RetryPolicy, retryPolicy } from './retry/retry.ts'
import type { RetryOptions } from './retry/retry-options.ts'
import type { Carrier } from './run-trace.ts'

/** How one task is run, whose result is an `R`. */
export interface SpawnOptions<R = unknown> extends KeyOptions {
  /** @default `task N` */
  readonly name?: string
  /** A kind, for your own queries over records. */
  readonly type?: string
  /** Labels, for queries over records: texts that are not empty, each counts once. @default none */
  readonly tags?: readonly string[]
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
  /** What each attempt needs before it takes a slot, and gives back when its work has stopped: see `perKey` for one of many. */
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
  /**
   * Milliseconds from `spawn` on in which it does not start: it is pending, and takes no slot and no limits. Finite. They
   * are counted as timers count: a machine that sleeps does not. Not together with `at`. @default 0
   */
  readonly delay?: number
  /**
   * It does not start before this time, by the clock of the system: pending like with `delay`. Where that clock is set, or
   * the machine has slept, this is noticed within a minute. A time that is past is now.
   */
  readonly at?: Date
}

export const SPAWN_OPTIONS: Known<SpawnOptions> = {
  name: true,
  type: true,
  tags: true,
  priority: true,
  timeout: true,
  deadline: true,
  signal: true,
  retry: true,
  limits: true,
  cost: true,
  startNow: true,
  delay: true,
  at: true,
  key: true,
  onDuplicate: true,
  keepKeyFor: true,
}

/** The options of `spawn`, checked and with their defaults. */
export interface SpawnSettings {
  readonly name: string | undefined
  readonly type: string | undefined
  readonly tags: readonly string[] | undefined
  readonly priority: number
  readonly timeout: number
  readonly deadline: number
  readonly signal: AbortSignal | undefined
  readonly retry: RetryPolicy | RestartPolicy | undefined
  readonly limits: Limits | undefined
  /** What the limits are asked for before each attempt. */
  readonly source: PermitSource<LimitPermit> | undefined
  readonly startNow: boolean
  /** When it may start, if not at once. */
  readonly entry: EntrySettings | undefined
  readonly key: KeySettings | undefined
  /** Makes a message ready for the way to where the work is; throws for what can't go there. */
  readonly carry: ((message: unknown) => unknown) | undefined
  /** What its caller on another machine has sent along. */
  readonly origin: Carrier | undefined
  /** What its runner can run it again by. */
  readonly job: KeptJob | undefined
  /** Called once when the task has ended, before its handle settles. */
  readonly onEnd: OnEnd | undefined
}

/** Hears of a task that has ended; a method, so that it may ask for the very class. */
type OnEnd = { ended(task: object): void }['ended']

/** What a runner keeps of a task whose class it can make again. */
export interface KeptJob {
  /** JSON. */
  readonly text: string
  /** What the class made JSON of, parsed anew each time. */
  readonly payload: unknown
  /** The id of the task that this one repeats. */
  readonly rerunOf: number | undefined
}

const SPAWN_DEFAULTS: SpawnSettings = Object.freeze({
  name: undefined,
  type: undefined,
  tags: undefined,
  priority: 0,
  timeout: Number.POSITIVE_INFINITY,
  deadline: Number.POSITIVE_INFINITY,
  signal: undefined,
  retry: undefined,
  limits: undefined,
  source: undefined,
  startNow: false,
  entry: undefined,
  key: undefined,
  carry: undefined,
  origin: undefined,
  job: undefined,
  onEnd: undefined,
})

/** Checks the values of options whose names were checked. */
export function spawnSettings(
  options: SpawnOptions | undefined,
  defaults = SPAWN_DEFAULTS,
  shared?: SharedSettings,
): SpawnSettings {
  if (options === undefined) return defaults
  const {
    name,
    type,
    tags,
    priority,
    timeout,
    deadline,
    signal,
    retry,
    limits = defaults.limits,
    cost,
    startNow,
    delay,
    at,
    key,
    onDuplicate,
    keepKeyFor,
  } = options
  const keyed = key !== undefined || onDuplicate !== undefined || keepKeyFor !== undefined
  return {
    name: name === undefined ? undefined : string('name', name),
    type: type === undefined ? undefined : string('type', type),
    tags: tags === undefined ? undefined : tagsOf(tags),
    priority: priority === undefined ? defaults.priority : ordering('priority', priority),
    timeout: timeout === undefined ? defaults.timeout : duration('timeout', timeout),
    deadline: deadline === undefined ? defaults.deadline : duration('deadline', deadline),
    signal: signal === undefined ? undefined : abortSignal('signal', signal),
    retry: retry === undefined ? defaults.retry : retryPolicy(retry),
    limits,
    source: cost === undefined && limits === defaults.limits ? defaults.source : sourceOf(limits, cost, shared),
    startNow: startNow === undefined ? defaults.startNow : boolean('startNow', startNow),
    entry: delay === undefined && at === undefined ? undefined : entrySettings(delay, at, startNow),
    key: keyed ? keySettings(key, onDuplicate, keepKeyFor) : undefined,
    carry: undefined,
    origin: undefined,
    job: undefined,
    onEnd: undefined,
  }
}

/**
 * Has tasks that are spawned with the same plain options one after another, as in a loop, share their settings, which weigh
 * almost as much as a task that waits. What differs most is kept apart: a task has a priority of its own.
 */
export class SharedSettings {
  #latest: SpawnSettings = SPAWN_DEFAULTS
  #limits: Limits | undefined
  #source: PermitSource<LimitPermit> | undefined

  /** These settings, or the same ones of before. */
  of(settings: SpawnSettings): SpawnSettings {
    if (!isPlain(settings)) return settings
    if (!areSame(settings, this.#latest)) this.#latest = settings
    return this.#latest
  }

  /** What limits without a cost are asked for; the same as of before are not looked into again. */
  sourceOf(limits: Limits | undefined): PermitSource<LimitPermit> | undefined {
    if (limits !== this.#limits) this.#source = demandFor(limits, undefined)
    this.#limits = limits
    return this.#source
  }
}

function sourceOf(limits: Limits | undefined, cost: SpawnOptions['cost'], shared: SharedSettings | undefined) {
  return cost === undefined && shared !== undefined ? shared.sourceOf(limits) : demandFor(limits, cost)
}

/** What is left out belongs to a single task. */
function isPlain({ tags, signal, entry, key }: SpawnSettings): boolean {
  return tags === undefined && signal === undefined && entry === undefined && key === undefined
}

function areSame(some: SpawnSettings, others: SpawnSettings): boolean {
  return (
    some.name === others.name &&
    some.type === others.type &&
    some.timeout === others.timeout &&
    some.deadline === others.deadline &&
    some.retry === others.retry &&
    some.limits === others.limits &&
    some.source === others.source &&
    some.startNow === others.startNow
  )
}

function tagsOf(tags: readonly string[]): readonly string[] | undefined {
  if (!Array.isArray(tags)) throw new TypeError(`tags must be a list of texts, got ${show(tags)}`)
  const each = new Set(tags.map(tag => notEmpty('each of tags', tag)))
  return each.size === 0 ? undefined : Object.freeze([...each])
}

/** The same with other limits, of which it costs so much. */
export function withLimits(
  settings: SpawnSettings,
  limits: Limits | undefined,
  cost: Amounts | 'none' | undefined,
): SpawnSettings {
  if (limits === undefined) return { ...settings, limits, source: undefined }
  return { ...settings, limits, source: demandFor(limits, cost) }
}

/** Whether it gives limits, and is none itself. */
export function isLimitsOf(limits: unknown): limits is (...of: readonly unknown[]) => Limits | undefined {
  return typeof limits === 'function' && !('acquire' in limits)
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
  if (typeof work === 'function') {
    throw new TypeError('work must be no async function*, whose items would not be read: see stream() and task()')
  }
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
