import * as check from '../../base/options.ts'
import { availableParallelism } from '../../base/platform.ts'
import { BALANCERS, type LoadBalancing } from './pool-worker.ts'

/** How many workers a pool has, and which call goes where. */
export interface PoolOptions {
  /** The most workers at a time, those that start or go included. @default the number of processors, or minWorkers if that is more */
  readonly maxWorkers?: number
  /** How many are kept, warm, though there is nothing to do. @default 0 */
  readonly minWorkers?: number
  /** Milliseconds without a call after which a worker above `minWorkers` goes. @default 60_000 */
  readonly idleTimeout?: number
  /** A fresh worker for every call, which ends with it. @default false */
  readonly onDemand?: boolean
  /** Which of the free workers takes a call. @default 'least-active' */
  readonly loadBalancing?: LoadBalancing
  /** How many calls a worker has at a time: more than one only makes sense for those that wait. @default 1 */
  readonly concurrencyPerWorker?: number
  /** When a worker is replaced by a fresh one, once the calls it has have ended. @default never */
  readonly recycleAfter?: RecycleAfter
  /** How many workers may crash within a minute until the pool fails. @default 10 */
  readonly maxCrashes?: number
}

/** What a worker is worn out by, whichever comes first. */
export interface RecycleAfter {
  /** How many calls. */
  readonly calls?: number
  /** How many megabytes it holds after a call: the heap of a thread, the resident memory of a process. */
  readonly megabytes?: number
}

/** The options as the pool uses them. */
export interface PoolSettings extends Required<Omit<PoolOptions, 'recycleAfter'>> {
  readonly recycleAfter: Required<RecycleAfter>
}

export const POOL_OPTIONS: check.Known<PoolOptions> = {
  maxWorkers: true,
  minWorkers: true,
  idleTimeout: true,
  onDemand: true,
  loadBalancing: true,
  concurrencyPerWorker: true,
  recycleAfter: true,
  maxCrashes: true,
}

const RECYCLE_AFTER: check.Known<RecycleAfter> = { calls: true, megabytes: true }

const STRATEGIES = Object.keys(BALANCERS) as LoadBalancing[]
const IDLE_TIMEOUT = 60_000
const MAX_CRASHES = 10

/** Refuses what is wrong, and fills in what is missing. */
export function poolSettings(options: PoolOptions = {}): PoolSettings {
  check.optionsObject('the options of a pool', options)
  const { calls = Number.POSITIVE_INFINITY, megabytes = Number.POSITIVE_INFINITY } =
    check.knownOptions('recycleAfter', options.recycleAfter, RECYCLE_AFTER) ?? {}
  const minWorkers = check.count('minWorkers', options.minWorkers ?? 0)
  const settings: PoolSettings = {
    maxWorkers: check.capacity('maxWorkers', options.maxWorkers ?? Math.max(availableParallelism(), minWorkers)),
    minWorkers,
    idleTimeout: check.duration('idleTimeout', options.idleTimeout ?? IDLE_TIMEOUT),
    onDemand: check.boolean('onDemand', options.onDemand ?? false),
    loadBalancing: check.oneOf('loadBalancing', STRATEGIES, options.loadBalancing ?? 'least-active'),
    concurrencyPerWorker: check.capacity('concurrencyPerWorker', options.concurrencyPerWorker ?? 1),
    recycleAfter: {
      calls: check.capacity('recycleAfter.calls', calls),
      megabytes: check.capacity('recycleAfter.megabytes', megabytes),
    },
    maxCrashes: check.count('maxCrashes', options.maxCrashes ?? MAX_CRASHES),
  }
  const { maxWorkers, onDemand } = settings
  if (minWorkers > maxWorkers) {
    throw new RangeError(`minWorkers must be at most maxWorkers (${maxWorkers}), got ${minWorkers}`)
  }
  if (onDemand && minWorkers > 0) {
    throw new RangeError(`minWorkers must be 0 with onDemand, which keeps no workers, got ${minWorkers}`)
  }
  return Object.freeze(settings)
}
