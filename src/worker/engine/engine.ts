import type { SharedCallOptions } from '../../distributed/options.ts'
import type { SpawnOptions } from '../../task/spawn-settings.ts'
import type { TaskContext } from '../../task/types.ts'
import type { AnyFunction } from '../functions/registry.ts'
import type { PoolStats, WorkerState } from '../pool/worker-pool.ts'

/** One call, ready to be run; once per attempt. */
export type PreparedCall = (args: readonly unknown[], task: TaskContext, self: unknown) => unknown

/** The options of a call that its engine needs to know: the others are those of its task. */
export type EngineCallOptions = Pick<SpawnOptions, 'timeout' | 'priority'> & SharedCallOptions

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
  /** The queue that calls go through, and how many of this process are on their way. */
  queue?(): { readonly name: string; readonly calls: number }
  stats(): PoolStats
  /** Ends everything; resolves when that is done. */
  stop(): Promise<void>
}
