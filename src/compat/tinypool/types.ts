/** Threads of this process, or processes of their own. */
export type Runtime = 'worker_threads' | 'child_process'

/** How a pool is made. */
export interface Options {
  /** The module whose functions run: a path, a `file:` URL, or what `run` says. @default null */
  readonly filename?: string | URL | null
  /** The function of it that runs. @default 'default' */
  readonly name?: string
  /** @default 'worker_threads' */
  readonly runtime?: Runtime
  /** How many workers are kept; below 1 a share of the processors. @default half as many as there are processors */
  readonly minThreads?: number
  /** How many workers there are at most; below 1 a share of the processors. @default as many as there are processors */
  readonly maxThreads?: number
  /** Milliseconds without a task after which a worker above `minThreads` ends. @default 0 */
  readonly idleTimeout?: number
  /** Milliseconds until `destroy` and `recycleWorkers` reject because a worker has not ended. @default no limit */
  readonly terminateTimeout?: number
  /** How many tasks may wait; `'auto'`: `maxThreads` squared. @default Infinity */
  readonly maxQueue?: number | 'auto'
  /** How many tasks a worker has at a time. @default 1 */
  readonly concurrentTasksPerWorker?: number
  /** Without meaning: a worker is told of its tasks by messages. */
  readonly useAtomics?: boolean
  /** How much memory a worker may take; of a process only the two heaps. */
  readonly resourceLimits?: {
    readonly maxYoungGenerationSizeMb?: number
    readonly maxOldGenerationSizeMb?: number
    readonly codeRangeSizeMb?: number
    readonly stackSizeMb?: number
  }
  /** Bytes that a worker may hold after a task; one that holds more is replaced. @default no limit */
  readonly maxMemoryLimitBeforeRecycle?: number
  /** Arguments of the workers. @default none */
  readonly argv?: readonly string[]
  /** Flags of Node for the workers. @default those of this process */
  readonly execArgv?: readonly string[]
  /** The whole environment of the workers. @default that of this process */
  readonly env?: Readonly<Record<string, string>>
  /** What `Tinypool.workerData` is in the workers. */
  readonly workerData?: unknown
  /** Can't be had: a `TypeError`. */
  readonly taskQueue?: undefined
  /** Only `true`, which is how it is. */
  readonly trackUnmanagedFds?: boolean
  /** A fresh worker for every task. @default false */
  readonly isolateWorkers?: boolean
  /** A function of `filename` that each worker runs before it ends in order. */
  readonly teardown?: string
  /** Only `'advanced'`, which is how it is. */
  readonly serialization?: 'json' | 'advanced'
}

/** The options of a pool, with what was left out. */
export interface FilledOptions extends Options {
  readonly filename: string | null
  readonly name: string
  readonly runtime: Runtime
  readonly minThreads: number
  readonly maxThreads: number
  readonly idleTimeout: number
  readonly maxQueue: number
  readonly concurrentTasksPerWorker: number
}

/** Messages between this process and what runs in another one: `process.send` and `process.on('message')` there. */
export interface TinypoolChannel {
  /** Called once for each worker that has the channel, with what sends it a message. */
  readonly onMessage?: (callback: (message: unknown) => void) => void
  /** Called with each message of the worker. */
  readonly postMessage?: (message: unknown) => void
  /** Called when the worker has another channel, or has ended. */
  readonly onClose?: () => void
}

/** What aborts a task: an `AbortSignal`, or an emitter of `abort`. */
export type AbortSignalAny =
  | AbortSignal
  | {
      once(name: 'abort', listener: () => void): unknown
      off(name: 'abort', listener: () => void): unknown
    }

/** How one task is run. */
export interface RunOptions {
  /** What of the task is moved to a thread instead of being copied. */
  readonly transferList?: readonly object[]
  /** For a process. For a thread only `onClose`. */
  readonly channel?: TinypoolChannel
  /** @default that of the pool */
  readonly filename?: string | URL | null
  /** Ends the task, and with it its worker. */
  readonly signal?: AbortSignalAny | null
  /** @default that of the pool */
  readonly name?: string | null
  /** Only that of the pool. */
  readonly runtime?: Runtime
}

/** A worker of a pool. */
export interface TinypoolWorker {
  readonly runtime: Runtime
  /** The id of the thread or the process. */
  readonly threadId: number
}

/** What `Tinypool.move` knows how to move: by the symbols `transferableSymbol` and `valueSymbol`. */
export type Transferable = object

/** Of Node's `EventEmitterAsyncResource`. */
export interface Emitting {
  on(event: string | symbol, listener: (...args: never[]) => void): this
  once(event: string | symbol, listener: (...args: never[]) => void): this
  off(event: string | symbol, listener: (...args: never[]) => void): this
  addListener(event: string | symbol, listener: (...args: never[]) => void): this
  removeListener(event: string | symbol, listener: (...args: never[]) => void): this
  removeAllListeners(event?: string | symbol): this
  emit(event: string | symbol, ...args: readonly unknown[]): boolean
  listenerCount(event: string | symbol): number
  emitDestroy(): void
}
