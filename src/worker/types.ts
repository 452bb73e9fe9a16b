import type { WaitOptions } from '../base/wait-timeout.ts'
import type { DistributedOptions, OfArguments, SharedCallOptions } from '../distributed/options.ts'
import type { Amounts, Limits } from '../limits/types.ts'
import type { MapOptions, MapResults, MapSettled } from '../manager/map-options.ts'
import type { Progress } from '../progress/types.ts'
import type { CloseOptions, CloseReport, ManagerEvents, ManagerStats, TaskManagerOptions } from '../scheduler/types.ts'
import type { TaskStream } from '../streams/types.ts'
import type { SpawnOptions } from '../task/spawn-settings.ts'
import type { Outcome, TaskHandle } from '../task/types.ts'
import type { HostOptions } from './messages/host.ts'
import type { PoolOptions } from './pool/pool-options.ts'

/**
 * Where functions run. `'sync'`: in the call itself, or in order if one is running. `'async'`: on this event loop.
 * `'thread'` and `'process'`: in a pool of workers. `'distributed'`: on other machines, by a queue.
 */
export type WorkerMode = 'sync' | 'async' | 'thread' | 'process' | 'distributed'

/**
 * What a call of a function gives that returns `R`: a stream for an `async function*`, else the handle of its result. By its
 * type; a function that is no `async function*` itself, but returns a generator of one, has that as its result.
 */
export type Called<R> = [R] extends [never]
  ? TaskHandle<never>
  : 0 extends 1 & R
    ? TaskHandle<R>
    : R extends AsyncGenerator<infer T, unknown, never>
      ? TaskStream<T>
      : TaskHandle<Outcome<R>>

/** How each call is run, of a function of `A` whose result is an `R`. */
export interface CallOptions<A extends readonly unknown[] = readonly unknown[], R = unknown>
  extends Omit<SpawnOptions<R>, 'cost' | 'limits' | 'name' | 'startNow' | 'key'>,
    SharedCallOptions<A> {
  /**
   * What each attempt needs before it takes a slot, or a function of the arguments that says it, as with `perKey`;
   * `undefined`: nothing. What that throws, the call throws.
   */
  readonly limits?: Limits | OfArguments<A, Limits | undefined>
  /** How much of each limit, or a function of the arguments that says it: see `cost` of `spawn`. */
  readonly cost?: Amounts | 'none' | OfArguments<A, Amounts | 'none'>
  /** Of an `async function*`: how many items it may be ahead of the loop that takes them. @default 16 */
  readonly buffer?: number
}

/** How a {@link TaskWorker} works; each option may have a default by {@link configure}. */
export interface WorkerOptions<A extends readonly unknown[] = readonly unknown[], R = unknown>
  extends CallOptions<A, R>,
    Omit<PoolOptions, 'maxWorkers'>,
    HostOptions,
    DistributedOptions,
    Pick<TaskManagerOptions, 'closeTimeout' | 'cleanupTimeout' | 'maxPending' | 'logger' | 'onError'> {
  /** @default 'async' */
  readonly mode?: WorkerMode
  /** How many calls run at a time; in threads and processes, how many workers there are. @default 1 in mode sync, 35 in mode async, 1_000 in mode distributed, else one per processor */
  readonly maxWorkers?: number
  /** The module that has the function, `import.meta.url`, or `__filename` in CommonJS: threads and processes import it. Without it the function's source is sent. */
  readonly module?: string | URL
  /** The name by which the module knows the function, and calls are called. @default the function's own */
  readonly name?: string
  /** Whether handles among the arguments are awaited, and their results passed instead. @default true */
  readonly unwrap?: boolean
  /** What `map` shows while it runs. @default false */
  readonly progress?: Progress
}

/** How one `map` runs. */
export interface WorkerMapOptions<A extends readonly unknown[] = readonly unknown[], R = unknown>
  extends Omit<MapOptions<R>, keyof SpawnOptions | 'progress'>,
    Omit<CallOptions<A, R>, 'buffer'> {
  /** `true`: a bar or lines on stderr; options for them; a function that is told after each item; a reporter of your own. @default false */
  readonly progress?: Progress
}

/** Counts at one moment. */
export interface WorkerStats extends ManagerStats {
  /** Threads or processes there are, or machines that serve the queue; 1 where calls run on this event loop. */
  readonly workers: number
  /** Calls that workers have now. */
  readonly active: number
  /** Calls that workers were given so far. */
  readonly dispatched: number
  /** Workers that ended by themselves. */
  readonly crashed: number
  /** Workers that were replaced after `recycleAfter`. */
  readonly recycled: number
}

/** An argument of a call: itself, or the handle of a task that gives it; of a list also the handles of its members. */
export type OrHandle<T> = T | TaskHandle<Awaited<T>> | MembersOrHandles<T>

type MembersOrHandles<T> = T extends readonly unknown[] ? { [K in keyof T]: T[K] | TaskHandle<Awaited<T[K]>> } : never

/** The arguments of a function, each of them itself or the handle of a task that gives it. */
export type OrHandles<A extends readonly unknown[]> = { [K in keyof A]: OrHandle<A[K]> }

/** An input for `map`. */
export type Input<T> = Iterable<OrHandle<T>> | AsyncIterable<OrHandle<T>>

/** Several inputs for `map`, one for each parameter. */
export type Inputs<A extends readonly unknown[]> = { [K in keyof A]: Input<A[K]> }

/** The options of a `map` that gives errors in the places of their results. */
export interface CollectOptions<A extends readonly unknown[] = readonly unknown[], R = unknown>
  extends WorkerMapOptions<A, R> {
  readonly onError: 'collect'
}

/** The options of a `map` that tells for each item how it ended. */
export interface SettleOptions<A extends readonly unknown[] = readonly unknown[], R = unknown>
  extends WorkerMapOptions<A, R> {
  readonly onError: 'settle'
}

/** What submits when it is called: the bound function's arguments, or another function and its arguments. */
export interface TaskCall<A extends readonly unknown[] = readonly unknown[], R = unknown> {
  /** See `submit`. */
  <B extends readonly unknown[], S>(fn: (...args: B) => S, ...args: OrHandles<B>): Called<S>
  (...args: OrHandles<A>): Called<R>
}

/** A function that runs as a task, wherever its mode says. */
export interface TaskFunction<A extends readonly unknown[] = readonly unknown[], R = unknown>
  extends TaskCall<A, R>,
    AsyncDisposable {
  /** Runs the function with these arguments; a function as the first one is run in its place, with the others. */
  submit(...args: OrHandles<A>): Called<R>
  submit<B extends readonly unknown[], S>(fn: (...args: B) => S, ...args: OrHandles<B>): Called<S>
  /** Runs the function with these arguments, whatever they are. */
  call(...args: OrHandles<A>): Called<R>
  /** Runs the function on every item: see `TaskManager.map`. */
  map(items: Input<A[0]>, options: CollectOptions<A, Outcome<R>>): MapResults<Outcome<R> | Error>
  map(items: Input<A[0]>, options: SettleOptions<A, Outcome<R>>): MapResults<MapSettled<Outcome<R>>>
  map(items: Input<A[0]>, options?: WorkerMapOptions<A, Outcome<R>>): MapResults<Outcome<R>>
  /** Runs the function on the items of several inputs side by side, up to the end of the shortest. */
  map(...inputs: [...Inputs<A>, options: CollectOptions<A, Outcome<R>>]): MapResults<Outcome<R> | Error>
  map(...inputs: [...Inputs<A>, options: SettleOptions<A, Outcome<R>>]): MapResults<MapSettled<Outcome<R>>>
  map(...inputs: [...Inputs<A>, options?: WorkerMapOptions<A, Outcome<R>>]): MapResults<Outcome<R>>
  /** The same function and workers with other options for its calls. */
  with(options: CallOptions<A, Outcome<R>>): TaskFunction<A, R>
  stats(): WorkerStats
  /** Resolves when no call is pending or running. */
  drain(options?: WaitOptions): Promise<void>
  /** Calls `listener` after each such event of a call, its progress included: see `TaskManager.on`. */
  on<T extends keyof ManagerEvents>(event: T, listener: (event: ManagerEvents[T]) => void): () => void
  /** Closes like `TaskManager.close`, and ends the workers. */
  close(options?: CloseOptions): Promise<CloseReport>
  /** `close({ pending: 'cancel' })`. */
  stop(): Promise<CloseReport>
  [Symbol.asyncDispose](): Promise<void>
}
