import type { SharedCallOptions } from '../../distributed/options.ts'
import type { TaskManager } from '../../manager/task-manager.ts'
import type { ItemSink } from '../../streams/credits.ts'
import type { SpawnOptions } from '../../task/spawn-settings.ts'
import type { TaskContext } from '../../task/types.ts'
import type { AnyFunction } from '../functions/registry.ts'
import type { WorkerState } from '../pool/pool-worker.ts'
import type { PoolStats } from '../pool/worker-pool.ts'

/** One call, ready to be run; once per attempt. With a sink its function gives a stream, and the call settles at its end. */
export type PreparedCall = (args: readonly unknown[], task: TaskContext, self: unknown, sink?: ItemSink) => unknown

/** The options of a call that its engine needs to know: the others are those of its task. */
export type EngineCallOptions = Pick<SpawnOptions, 'timeout' | 'priority' | 'delay' | 'at'> & SharedCallOptions

/** How many jobs of a queue are where, those of all its callers. */
export interface QueueCounts {
  readonly waiting: number
  readonly active: number
  readonly delayed: number
  readonly failed: number
}

/** A queue of the mode distributed, seen from here. */
export interface QueueState {
  readonly name: string
  /** How many calls of this process are on their way. */
  readonly calls?: number
  /** Asks its server; `undefined` while there is no connection. */
  counts(): Promise<QueueCounts | undefined>
}

/** What runs the calls of a worker in its mode. */
export interface Engine {
  /** Calls may run before `submit` returns. */
  readonly immediate: boolean
  /** Makes a message to a call ready for its way; nothing where the call is in here. Throws for what can't be sent. */
  readonly carry?: (message: unknown) => unknown
  /** Checks that a function can be run here at all; throws at once if not. Its module may know it by another name; `options` are those of the call. */
  prepare(fn: AnyFunction, name?: string, options?: EngineCallOptions): PreparedCall
  /** The workers one by one, where they are of this machine. */
  workers?(): readonly WorkerState[]
  /** The queue that calls go through. */
  queue?(): QueueState
  stats(): PoolStats
  /** Ends everything; resolves when that is done. */
  stop(): Promise<void>
}

/** What is beneath something that runs functions. */
export interface WorkerParts {
  readonly manager: TaskManager
  readonly engine: Engine
  readonly mode: string
  /** The queue whose calls it makes or runs. */
  readonly queue?: () => QueueState
  /** What to call it, if it has a name. */
  readonly name: string | undefined
}

/** Has a worker machine tell its parts to those who look into it, and need not load it for that. */
export const PARTS: unique symbol = Symbol('parts')
