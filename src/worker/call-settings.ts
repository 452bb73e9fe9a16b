import type { Known } from '../base/options.ts'
import { checkSharedCall } from '../distributed/options.ts'
import type { Amounts } from '../limits/types.ts'
import type { SpawnOptions } from '../task/spawn-settings.ts'
import { SPAWN_OPTIONS, type SpawnSettings, spawnSettings } from '../task/spawn-settings.ts'
import { type Configuration, configuration, withDefaults } from './configuration.ts'
import type { CallOptions, WorkerOptions } from './types.ts'

const { name: _, startNow: __, ...OF_SPAWN } = SPAWN_OPTIONS

export const CALL_OPTIONS: Known<CallOptions> = { ...OF_SPAWN, key: true, cache: true }

/** The settings of calls: checked once, and again only when the defaults have changed or depend on the arguments. */
export class CallSettings {
  readonly #explicit: WorkerOptions
  #config: Configuration | undefined
  #options: CallOptions = {}
  #settings = new Map<string, SpawnSettings>()

  constructor(explicit: WorkerOptions, config = configuration()) {
    this.#explicit = explicit
    this.#look(config)
    checkSharedCall(this.#options)
    const { cost, ...options } = this.#options
    // What a function of the arguments says can be known only with arguments.
    const unknown = typeof cost === 'function' && options.limits !== undefined
    make('', options, unknown ? 'none' : (cost as Amounts | 'none' | undefined))
  }

  /** As they hold for calls now. */
  get options(): CallOptions {
    const config = configuration()
    if (this.#config !== config) this.#look(config)
    return this.#options
  }

  /** Of a call of the function of this name. */
  of(name: string, args: readonly unknown[], carry?: SpawnSettings['carry']): SpawnSettings {
    const { cost, ...options } = this.options
    if (typeof cost === 'function') return { ...make(name, options, cost(...(args as never[]))), carry }
    let settings = this.#settings.get(name)
    if (settings === undefined) {
      settings = { ...make(name, options, cost), carry }
      this.#settings.set(name, settings)
    }
    return settings
  }

  #look(config: Configuration): void {
    this.#config = config
    this.#options = withDefaults(this.#explicit, config)
    this.#settings = new Map()
  }
}

function make(name: string, options: CallOptions, cost: Amounts | 'none' | undefined): SpawnSettings {
  const { type, priority, timeout, deadline, signal, retry, limits } = options
  const all = { type, priority, timeout, deadline, signal, retry, limits, cost, name: name === '' ? undefined : name }
  return spawnSettings(all as SpawnOptions)
}
