import { callback, optionsObject, present, requiredObject } from '../options.ts'
import { AsyncLocalStorage } from '../platform.ts'
import type { WorkerMode, WorkerOptions } from './types.ts'

/** Defaults for everything made or called from now on: those of a mode go before those at the top. */
export interface Configuration
  extends WorkerOptions,
    Partial<Readonly<Record<WorkerMode, Omit<WorkerOptions, 'mode'>>>> {}

const MODES = ['sync', 'async', 'thread', 'process'] as const satisfies readonly WorkerMode[]
const scope = new AsyncLocalStorage<Configuration>()
let configured: Configuration = Object.freeze({})

/**
 * Sets defaults for every `task` and `TaskWorker`. Called again it adds to what was set; an option that is `undefined`
 * takes a default away. What is given explicitly goes before the default of the mode, and that before the one for all.
 *
 * Options of calls (`timeout`, `retry`, `priority`, …) are looked up at each call, the others when a worker is made.
 */
export function configure(defaults: Configuration): void {
  configured = merged(configured, requiredObject('defaults', defaults))
}

/** Runs `fn` with other defaults: they hold in it and in everything it awaits, and nowhere else. */
export function withConfig<T>(overrides: Configuration, fn: () => T): T {
  return scope.run(merged(configuration(), requiredObject('overrides', overrides)), callback('fn', fn))
}

/** The defaults that hold here. */
export function configuration(): Configuration {
  return scope.getStore() ?? configured
}

/** The options that hold for these explicit ones, by mode. */
export function withDefaults(explicit: WorkerOptions, config: Configuration): WorkerOptions {
  const mode = explicit.mode ?? config.mode ?? 'async'
  const { sync: _, async: __, thread: ___, process: ____, ...forAll } = config
  return { ...forAll, ...config[mode], ...present(explicit), mode }
}

function merged(base: Configuration, changes: Configuration): Configuration {
  const result: Record<string, unknown> = { ...base, ...changes }
  for (const mode of MODES) {
    const change = optionsObject(mode, changes[mode])
    if (change !== undefined) result[mode] = { ...base[mode], ...change }
  }
  return Object.freeze(result)
}
