import { present } from '../base/options.ts'
import { AsyncLocalStorage } from '../base/platform.ts'
import type { WorkerMode, WorkerOptions } from './types.ts'

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
