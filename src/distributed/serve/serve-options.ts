import { LONGEST_TIMER } from '../../base/clock.ts'
import { count, finiteCapacity, interval, type Known, oneOf } from '../../base/options.ts'
import type { TaskManagerOptions } from '../../scheduler/types.ts'
import type { HostOptions } from '../../worker/messages/host.ts'
import { HOST_OPTIONS } from '../../worker/parent/check-host-options.ts'
import type { PoolOptions } from '../../worker/pool/pool-options.ts'
import { type WorkerSettings, workerSettings } from '../../worker/worker-settings.ts'
import {
  DISTRIBUTED_OPTIONS,
  type DistributedOptions,
  type DistributedSettings,
  distributedSettings,
} from '../options.ts'

/** How a worker machine serves a queue. */
export interface ServeOptions
  extends Omit<DistributedOptions, 'queue' | 'connection'>,
    Required<Pick<DistributedOptions, 'queue' | 'connection'>>,
    HostOptions,
    Pick<PoolOptions, 'minWorkers' | 'idleTimeout' | 'onDemand' | 'loadBalancing' | 'recycleAfter' | 'maxCrashes'>,
    Pick<TaskManagerOptions, 'closeTimeout' | 'cleanupTimeout' | 'logger' | 'onError'> {
  /** How many calls run here at a time: a positive integer. @default 35 in mode async, else one per processor */
  readonly maxTasks?: number
  /**
   * Where on this machine the functions run. On this event loop (`'async'`) a function that computes for long keeps the
   * worker from renewing its locks, and one that does not listen can't be stopped; `'thread'` and `'process'` need the
   * functions as a module. @default 'async'
   */
  readonly mode?: 'async' | 'thread' | 'process'
  /**
   * Milliseconds until another worker has a call whose worker has died or is frozen. A worker whose event loop is blocked
   * for half of it loses its calls to others. @default 30_000
   */
  readonly lockDuration?: number
  /** How many times a call may lose its worker until it fails with `WorkerCrashedError`. @default 3 */
  readonly maxStalled?: number
}

export const SERVE_OPTIONS: Known<ServeOptions> = {
  ...DISTRIBUTED_OPTIONS,
  ...HOST_OPTIONS,
  minWorkers: true,
  idleTimeout: true,
  onDemand: true,
  loadBalancing: true,
  recycleAfter: true,
  maxCrashes: true,
  closeTimeout: true,
  cleanupTimeout: true,
  logger: true,
  onError: true,
  maxTasks: true,
  mode: true,
  lockDuration: true,
  maxStalled: true,
}

/** The options of a service, checked and with their defaults. */
export interface ServeSettings extends DistributedSettings {
  readonly worker: WorkerSettings
  readonly lockDuration: number
  readonly maxStalled: number
}

export function serveSettings(options: ServeOptions, module: string | undefined): ServeSettings {
  const {
    mode = 'async',
    maxTasks,
    lockDuration = 30_000,
    maxStalled = 3,
    queue,
    connection,
    prefix,
    ...others
  } = options
  oneOf('mode', ['async', 'thread', 'process'], mode)
  if (maxTasks !== undefined) finiteCapacity('maxTasks', maxTasks)
  if (mode !== 'async' && module === undefined) {
    throw new TypeError(
      `the mode '${mode}' needs the functions as a module: serve(new URL('./tasks.js', import.meta.url), …)`,
    )
  }
  return {
    ...distributedSettings(options),
    worker: workerSettings(
      {
        ...others,
        mode,
        ...(module !== undefined && { module }),
        ...(maxTasks !== undefined && { maxWorkers: maxTasks }),
      },
      {},
    ),
    lockDuration: Math.min(interval('lockDuration', lockDuration), LONGEST_TIMER),
    maxStalled: count('maxStalled', maxStalled),
  }
}
