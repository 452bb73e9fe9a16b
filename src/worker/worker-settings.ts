import { boolean, capacity, type Known, oneOf } from '../base/options.ts'
import { DISTRIBUTED_OPTIONS, type DistributedOptions, distributedSettings } from '../distributed/options.ts'
import { checkProgress } from '../progress/run-reporter.ts'
import { managerSettings } from '../scheduler/manager-settings.ts'
import type { TaskManagerOptions } from '../scheduler/types.ts'
import { CALL_OPTIONS, configuration, MODES, withDefaults } from './call.ts'
import { moduleUrl } from './functions/registry.ts'
import type { HostOptions } from './messages/host.ts'
import { checkHostOptions, HOST_OPTIONS } from './parent/check-host-options.ts'
import { POOL_OPTIONS, type PoolOptions, poolSettings } from './pool/pool-options.ts'
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
  /** Where calls go in the mode distributed. */
  readonly distributed: DistributedOptions
  /** As they were given, for the calls. */
  readonly explicit: WorkerOptions
}

const OF_MANAGER = {
  closeTimeout: true,
  cleanupTimeout: true,
  maxPending: true,
  logger: true,
  onError: true,
} as const satisfies Partial<Known<TaskManagerOptions>>

export const WORKER_OPTIONS: Known<WorkerOptions> = {
  ...CALL_OPTIONS,
  ...POOL_OPTIONS,
  ...HOST_OPTIONS,
  ...DISTRIBUTED_OPTIONS,
  ...OF_MANAGER,
  mode: true,
  module: true,
  name: true,
  unwrap: true,
  progress: true,
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
  const pool = pick(options, POOL_OPTIONS)
  const { maxWorkers, concurrencyPerWorker } = poolSettings(pool)
  const slots = SLOTS[mode] ?? maxWorkers * concurrencyPerWorker
  const maxTasks = mode in SLOTS ? (options.maxWorkers ?? slots) : slots
  const distributed = pick(options, DISTRIBUTED_OPTIONS)
  if (mode === 'distributed') distributedSettings(distributed)
  else refuseShared(explicit, mode)
  refuseSetup(explicit, options, mode)
  const given = pick(options, OF_MANAGER)
  const manager = { ...given, name: name ?? 'worker', maxTasks: capacity('maxWorkers', maxTasks) }
  const { cleanupTimeout } = managerSettings(manager)
  checkProgress(progress)
  return {
    mode,
    manager: inLoop ? manager : { ...manager, cleanupTimeout: cleanupTimeout + END_OF_WORKER },
    pool,
    host: pick(options, HOST_OPTIONS),
    module,
    name,
    cleanupTimeout,
    unwrap: boolean('unwrap', unwrap),
    progress,
    distributed,
    explicit,
  }
}

/** How many calls run at a time where that is not the number of workers: with a queue, how many it gets of one caller. */
const SLOTS: Partial<Record<WorkerMode, number>> = { sync: 1, async: 35, distributed: 1_000 }

/** A call that ran twice all the same would be a silent mistake. */
function refuseShared({ cache }: WorkerOptions, mode: WorkerMode): void {
  if (cache === undefined) return
  throw new TypeError(`cache needs the mode 'distributed', whose server keeps results, got the mode '${mode}'`)
}

/** A function that counts on its setup would fail in ways that nobody would understand. */
function refuseSetup(explicit: WorkerOptions, options: WorkerOptions, mode: WorkerMode): void {
  const hasWorkers = mode === 'thread' || mode === 'process'
  for (const option of ['init', 'teardown'] as const) {
    if (!hasWorkers && explicit[option] !== undefined) {
      throw new TypeError(`${option} needs the mode 'thread' or 'process', which have workers, got the mode '${mode}'`)
    }
    if (hasWorkers && options[option] !== undefined && options.module === undefined) {
      throw new TypeError(`${option} needs module, which has that function: import.meta.url`)
    }
  }
}

function pick<K extends keyof WorkerOptions>(
  options: WorkerOptions,
  names: { readonly [name in K]: true },
): Pick<WorkerOptions, K> {
  const given = (Object.keys(names) as K[]).filter(name => options[name] !== undefined)
  return Object.fromEntries(given.map(name => [name, options[name]])) as Pick<WorkerOptions, K>
}
