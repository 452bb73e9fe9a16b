import { type Known, present, show } from '../base/options.ts'
import { AsyncLocalStorage } from '../base/platform.ts'
import { checkSharedCall, type OfArguments } from '../distributed/options.ts'
import type { Amounts, Limits } from '../limits/types.ts'
import { isPlain } from '../serialize/is-plain.ts'
import { bufferSize } from '../streams/task-stream.ts'
import { TaskPromise } from '../task/handle.ts'
import type { SpawnOptions } from '../task/spawn-settings.ts'
import { isLimitsOf, SPAWN_OPTIONS, type SpawnSettings, spawnSettings } from '../task/spawn-settings.ts'
import type { CallOptions, WorkerMode, WorkerOptions } from './types.ts'

const { name: _, startNow: __, ...OF_SPAWN } = SPAWN_OPTIONS

export const CALL_OPTIONS: Known<CallOptions> = { ...OF_SPAWN, key: true, cache: true, buffer: true }

/** Options as defaults: `undefined` takes one away. */
export type Defaults<T> = { readonly [K in keyof T]?: T[K] | undefined }

/** Defaults for everything made or called from now on: those of a mode go before those at the top. */
export interface Configuration
  extends Defaults<WorkerOptions>,
    Defaults<Record<WorkerMode, Defaults<Omit<WorkerOptions, 'mode'>>>> {}

export const MODES = ['sync', 'async', 'thread', 'process', 'distributed'] as const satisfies readonly WorkerMode[]
const scope = new AsyncLocalStorage<Configuration>()
let configured: Configuration = Object.freeze({})

/** The defaults that hold here. */
export function configuration(): Configuration {
  return scope.getStore() ?? configured
}

/** Changes the defaults that hold wherever no scope has its own. */
export function changeConfiguration(change: (before: Configuration) => Configuration): void {
  configured = change(configured)
}

/** Runs `fn` in a scope with defaults of its own. */
export function withConfiguration<T>(defaults: Configuration, fn: () => T): T {
  return scope.run(defaults, fn)
}

/** The options that hold for these explicit ones, by mode. */
export function withDefaults(explicit: WorkerOptions, config: Configuration): WorkerOptions {
  const mode = explicit.mode ?? config.mode ?? 'async'
  const { sync: _, async: __, thread: ___, process: ____, distributed: _____, ...forAll } = config
  return { ...present(forAll), ...present(config[mode] ?? {}), ...present(explicit), mode }
}

/** The settings of calls: checked once, and again only when the defaults have changed or depend on the arguments. */
export class CallSettings {
  readonly #explicit: WorkerOptions
  #config: Configuration | undefined
  #options: WorkerOptions = {}
  /** Whether some of them are functions of the arguments. */
  #varies = false
  #settings = new Map<string, SpawnSettings>()

  constructor(explicit: WorkerOptions, config = configuration()) {
    this.#explicit = explicit
    this.#look(config)
    checkSharedCall(this.#options)
    refuseKeys(this.#options)
    bufferSize(this.#options.buffer)
    const { cost, limits, key } = this.#options
    const anyKey = typeof key === 'function' ? 'any' : key
    // What a function of the arguments says can be known only with arguments.
    const least = typeof cost === 'function' ? 'none' : cost
    if (isLimitsOf(limits)) make('', this.#options, undefined, undefined, anyKey)
    else make('', this.#options, limits as Limits | undefined, least, anyKey)
  }

  /** As they hold for calls now. */
  get options(): WorkerOptions {
    const config = configuration()
    if (this.#config !== config) this.#look(config)
    return this.#options
  }

  /** Of a call of the function of this name, for which `options` may have been looked up already. */
  of(
    name: string,
    args: readonly unknown[],
    carry?: SpawnSettings['carry'],
    options: WorkerOptions = this.options,
  ): SpawnSettings {
    if (this.#varies) return { ...makeFor(args, name, options), carry }
    let settings = this.#settings.get(name)
    if (settings === undefined) {
      const { cost, limits, key } = options
      settings = {
        ...make(name, options, limits as Limits | undefined, cost as Amounts | 'none' | undefined, key),
        carry,
      }
      this.#settings.set(name, settings)
    }
    return settings
  }

  #look(config: Configuration): void {
    this.#config = config
    this.#options = withDefaults(this.#explicit, config)
    const { cost, limits, key, mode } = this.#options
    const keyed = typeof key === 'function' && mode !== 'distributed'
    this.#varies = keyed || typeof cost === 'function' || isLimitsOf(limits)
    this.#settings = new Map()
  }
}

/** What is said by functions of the arguments. */
function makeFor(args: readonly unknown[], name: string, options: WorkerOptions): SpawnSettings {
  const { cost, limits, key } = options
  const taken = isLimitsOf(limits) ? limits(...args) : (limits as Limits | undefined)
  const amounts = ofArguments(cost, args)
  const least = taken === undefined && isLimitsOf(limits) ? undefined : amounts
  return make(name, options, taken, least, ofArguments(key, args))
}

function make(
  name: string,
  { mode, type, tags, priority, timeout, deadline, signal, retry, delay, at, ...options }: WorkerOptions,
  limits: Limits | undefined,
  cost: Amounts | 'none' | undefined,
  key: CallOptions['key'],
): SpawnSettings {
  const { onDuplicate, keepKeyFor } = options
  const all = { type, tags, priority, timeout, deadline, signal, retry, limits, cost, delay, at }
  const named = { ...all, name: name === '' ? undefined : name }
  // The queue has them wait, which outlives this process, and knows which are the same.
  if (mode === 'distributed') return { ...spawnSettings(named as SpawnOptions), entry: undefined }
  const settings = spawnSettings({ ...named, key, onDuplicate, keepKeyFor } as SpawnOptions)
  return settings.key === undefined ? settings : { ...settings, key: { ...settings.key, space: name } }
}

function ofArguments<T>(
  given: T | OfArguments<readonly never[], T> | undefined,
  args: readonly unknown[],
): T | undefined {
  return typeof given === 'function' ? (given as OfArguments<readonly unknown[], T>)(...args) : given
}

/** What a queue can't do about calls that are the same. */
function refuseKeys({ mode, onDuplicate, keepKeyFor }: WorkerOptions): void {
  if (mode !== 'distributed') return
  if (onDuplicate !== undefined && onDuplicate !== 'join') {
    throw new TypeError(`onDuplicate can be 'join' alone in the mode 'distributed', got ${show(onDuplicate)}`)
  }
  if (keepKeyFor !== undefined) {
    throw new TypeError("keepKeyFor is not for the mode 'distributed': keep results on its server, with cache: { ttl }")
  }
}

/** The items of a map have a task each, which a queue alone may find to be the same. */
export function refuseKeyOfMap({ mode, key }: WorkerOptions): void {
  if (key === undefined || mode === 'distributed') return
  throw new TypeError(`key is for single calls in the mode '${mode}': map has a task of its own for each item`)
}

/** An argument and its members are looked at. */
const DEEPEST = 1

/**
 * The arguments once every handle among them has given its result; `undefined` when there is no handle. One may be a
 * member of an argument too, of an array or a plain object, which is copied then: `sum([square(2), square(3)])`.
 */
export function pendingArguments(args: readonly unknown[]): Promise<unknown[]> | undefined {
  return args.some(arg => hasHandle(arg, DEEPEST)) ? Promise.all(args.map(arg => given(arg, DEEPEST))) : undefined
}

function hasHandle(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (value instanceof TaskPromise) return true
  if (depth === 0) return false
  if (Array.isArray(value)) return value.some(member => hasHandle(member, depth - 1))
  return isPlain(value) && Object.values(value).some(member => hasHandle(member, depth - 1))
}

/** By `then`, so that the caller does not count as waiting for them: the new task does. */
function given(value: unknown, depth: number): unknown {
  if (value instanceof TaskPromise) return value.then(result => result)
  if (!hasHandle(value, depth)) return value
  if (Array.isArray(value)) return Promise.all(value.map(member => given(member, depth - 1)))
  const members = Object.entries(value as object).map(async ([key, member]) => [key, await given(member, depth - 1)])
  return Promise.all(members).then(Object.fromEntries)
}
