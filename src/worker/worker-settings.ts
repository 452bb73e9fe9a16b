import { managerSettings } from '../manager/manager-settings.ts'
import type { TaskManagerOptions } from '../manager/types.ts'
import { boolean, capacity, oneOf } from '../options.ts'
import { progressReporter } from '../progress/progress-reporter.ts'
import { configuration, MODES, withDefaults } from './configuration.ts'
import { moduleUrl } from './functions/module-url.ts'
import { checkHostOptions } from './host/check-host-options.ts'
import type { HostOptions } from './host/host.ts'
import { type PoolOptions, poolSettings } from './pool/pool-options.ts'
import type { WorkerMode, WorkerOptions } from './types.ts'

/** The options of a worker, checked and with the defaults that hold where it is made. */
export interface WorkerSettings {
  readonly mode: WorkerMode
  readonly manager: TaskManagerOptions
  readonly pool: PoolOptions
  readonly host: HostOptions
  /** Where threads and processes find functions. */
  readonly module: string | URL | undefined
  /** How the bound function is called there. */
  readonly name: string | undefined
  /** Milliseconds that a call gets to clean up before its worker is ended. */
  readonly cleanupTimeout: number
  readonly unwrap: boolean
  readonly progress: WorkerOptions['progress']
  /** As they were given, for the calls. */
  readonly explicit: WorkerOptions
}

/** A worker is ended in any case, which takes a moment after its cleanup time is over: no call of it is ever abandoned. */
const END_OF_WORKER = 10_000

export function workerSettings(explicit: WorkerOptions, config = configuration()): WorkerSettings {
  const options = withDefaults(explicit, config)
  const { mode = 'async', module, name, unwrap = true, progress } = options
  oneOf('mode', MODES, mode)
  if (module !== undefined) moduleUrl(module)
  checkHostOptions(options)
  const inLoop = mode === 'sync' || mode === 'async'
  const pool = pick(options, POOL) as PoolOptions
  const { maxWorkers, concurrencyPerWorker } = poolSettings(pool)
  const maxTasks = inLoop ? (options.maxWorkers ?? (mode === 'sync' ? 1 : 35)) : maxWorkers * concurrencyPerWorker
  const given = pick(options, ['closeTimeout', 'cleanupTimeout', 'maxPending', 'logger', 'onError'])
  const manager = { ...given, name: name ?? 'worker', maxTasks: capacity('maxWorkers', maxTasks) }
  const { cleanupTimeout } = managerSettings(manager)
  progressReporter(progress)
  return {
    mode,
    manager: inLoop ? manager : { ...manager, cleanupTimeout: cleanupTimeout + END_OF_WORKER },
    pool,
    host: pick(options, ['startTimeout', 'resourceLimits', 'env', 'execArgv']),
    module,
    name,
    cleanupTimeout,
    unwrap: boolean('unwrap', unwrap),
    progress,
    explicit,
  }
}

const POOL = [
  'maxWorkers',
  'minWorkers',
  'idleTimeout',
  'onDemand',
  'loadBalancing',
  'concurrencyPerWorker',
  'recycleAfter',
  'maxCrashes',
] as const satisfies readonly (keyof PoolOptions)[]

function pick<T extends object, K extends keyof T>(options: T, keys: readonly K[]): Partial<Pick<T, K>> {
  return Object.fromEntries(keys.filter(key => options[key] !== undefined).map(key => [key, options[key]])) as Partial<
    Pick<T, K>
  >
}
