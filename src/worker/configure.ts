import { callback, type Known, knownOptions, optionsObject, requiredOptions } from '../base/options.ts'
import {
  CallSettings,
  type Configuration,
  changeConfiguration,
  configuration,
  type Defaults,
  MODES,
  withConfiguration,
} from './call.ts'
import type { WorkerOptions } from './types.ts'
import { WORKER_OPTIONS, workerSettings } from './worker-settings.ts'

const CONFIGURATION: Known<Configuration> = {
  ...WORKER_OPTIONS,
  sync: true,
  async: true,
  thread: true,
  process: true,
  distributed: true,
}

/**
 * Sets defaults for every `task` and `TaskWorker`. Called again it adds to what was set; an option that is `undefined`
 * takes a default away. What is given explicitly goes before the default of the mode, and that before the one for all.
 *
 * Options of calls (`timeout`, `retry`, `priority`, …) are looked up at each call, the others when a worker is made.
 */
export function configure(defaults: Configuration): void {
  requiredOptions('options', defaults, CONFIGURATION)
  changeConfiguration(before => merged(before, defaults))
}

/** Runs `fn` with other defaults: they hold in it and in everything it awaits, and nowhere else. */
export function withConfig<T>(overrides: Configuration, fn: () => T): T {
  requiredOptions('options', overrides, CONFIGURATION)
  return withConfiguration(merged(configuration(), overrides), callback('fn', fn))
}

function merged(base: Configuration, changes: Configuration): Configuration {
  const result: Record<string, unknown> = { ...base, ...changes }
  const { sync, async, thread, process, distributed, ...forAll } = changes
  check(forAll)
  for (const mode of MODES) {
    const change = knownOptions(mode, changes[mode], WORKER_OPTIONS)
    if (change === undefined) continue
    check(change)
    result[mode] = { ...base[mode], ...change }
  }
  return Object.freeze(result)
}

/** Each option by itself: what must hold between two of them is for those who have both. */
function check(options: Defaults<WorkerOptions>): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    const alone: WorkerOptions = { [name]: value }
    // These are refused without their mode, which is given elsewhere.
    if (!['cache', 'init', 'teardown'].includes(name))
      workerSettings(name === 'minWorkers' ? { ...alone, maxWorkers: Number.POSITIVE_INFINITY } : alone, {})
    // What they are asked for is said elsewhere, too.
    if (name === 'limits') new CallSettings({ ...alone, cost: 'none' }, {})
    else if (name === 'onDuplicate' || name === 'keepKeyFor') new CallSettings({ ...alone, key: 'any' }, {})
    else if (name !== 'cost') new CallSettings(alone, {})
    else if (typeof value !== 'function' && value !== 'none') optionsObject('cost', value as object)
  }
}
