import type { ItemSink } from '../../streams/credits.ts'
import type { Carrier } from '../../task/run-trace.ts'
import type { TaskContext, TaskProgress } from '../../task/types.ts'
import type { FunctionReference } from '../functions/refer-to.ts'

/** One call of a function, as a worker gets it. */
export interface HostCall {
  readonly function: FunctionReference
  readonly args: readonly unknown[]
  /** What `currentTask()` says there. */
  readonly task: {
    readonly id: number
    readonly name: string
    readonly attempt: number
    /** It has limits: its function may ask for more of them. */
    readonly limited?: boolean
    /** The member of a pool that granted what was taken for it. */
    readonly member?: number | undefined
    /** What goes with it for those who trace. */
    readonly origin?: Carrier | undefined
    /** Its function gives a stream, whose items go to `sink`. */
    readonly stream?: boolean
  }
}

/** What a call needs of the caller's side. */
export interface HostCallOptions {
  /** Aborting it fires the signal of the task inside the worker, with the reason. */
  readonly signal: AbortSignal
  /** Milliseconds the call then gets to end by itself before its worker is ended. */
  readonly cleanupTimeout: number
  readonly onProgress: (progress: TaskProgress) => void
  /** A pool has given the call to a worker that is ready for it. */
  readonly onDispatch?: () => void
  /** What is sent to this task is passed on to the call. */
  readonly task?: TaskContext
  readonly sink?: ItemSink | undefined
  /** Answers what the function asks of this side while it runs; a rejection is thrown there. */
  readonly onRequest: (request: unknown) => Promise<unknown>
}

/** How a worker ended. */
export interface HostExit {
  readonly exitCode: number | null
  readonly signal: string | null
  /** What ended it, if it said so: an uncaught error, out of memory. */
  readonly error?: unknown
  /** Whether this side ended it, for a call that did not stop or by `stop()`; otherwise it crashed or never started. */
  readonly requested: boolean
}

/** How workers are started and what they may take. All of it is optional. */
export interface HostOptions {
  /** Milliseconds a worker may take until it is ready for calls. @default 10_000 */
  readonly startTimeout?: number
  /** How much memory one worker may take; of a process only the first two, which become flags of V8. */
  readonly resourceLimits?: WorkerLimits
  /** Variables to add to this process's environment; `undefined` takes one away. @default none */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The arguments of the workers, after the script in their `process.argv`. This process's own may have secrets in them, and a list of processes shows those of processes. @default none */
  readonly argv?: readonly string[]
  /** Whether workers have this process's environment, to which `env` adds; `false`: that of `env` alone. @default true */
  readonly inheritEnv?: boolean
  /**
   * The name of a function of `module` that each worker runs once, before its first call, and awaits: to load a model, to
   * open a connection. It gets `initData` and a {@link WorkerIdentity}. When it fails the worker has not started, which
   * counts as a crash; `startTimeout` is its time too. @default none
   */
  readonly init?: string
  /** What `init` gets: data, which each worker gets a copy of. */
  readonly initData?: unknown
  /**
   * The name of a function of `module` that each worker runs, and awaits, before it ends because it is no longer needed:
   * to close what `init` has opened. `process.on('exit')` is told after it. Neither runs in a worker that crashes, or is
   * ended for a call that did not stop. It has `cleanupTimeout`; what it throws is logged. @default none
   */
  readonly teardown?: string
  /** Flags of Node for the workers. @default this process's own, without those of the inspector */
  readonly execArgv?: readonly string[]
  /**
   * Called with what the code in a worker says for its own ends: by `parentPort.postMessage` in a thread, by
   * `process.send` in a process. It is no part of any call, and any code in the worker may have said it.
   */
  readonly onMessage?: (message: unknown, worker: MessagingWorker) => void
}

/** What the function `init` is told of its worker. */
export interface WorkerIdentity {
  /** 1, 2, 3 … in the order in which the workers were started; a worker in another's place has a number of its own. */
  readonly number: number
}

/** How a worker is started for its caller. */
export interface StartOptions extends HostOptions {
  /** The module of `init` and `teardown`. */
  readonly module?: string
  /** The number of the worker. @default 1 */
  readonly number?: number
  /** Milliseconds an idle worker gets to end by itself when it is stopped. @default 1_000 */
  readonly stopTimeout?: number
  /** Hears of an error that nothing in the worker has caught, of a call that is over or of none. */
  readonly onLateError?: (error: unknown, worker: MessagingWorker) => void
}

/** The worker that a message came from. */
export interface MessagingWorker {
  readonly kind: 'thread' | 'process'
  /** The thread's id or the process's. */
  readonly id: number
}

/** In megabytes; what is left out is up to V8. */
export interface WorkerLimits {
  /** The main heap. */
  readonly maxOldGenerationSizeMb?: number
  /** The heap of recently created objects. */
  readonly maxYoungGenerationSizeMb?: number
  /** Memory for generated code. */
  readonly codeRangeSizeMb?: number
  /** The stack. */
  readonly stackSizeMb?: number
}

/** One worker: a thread or a process. While it has calls it keeps this process alive, when it is idle it does not. */
export interface Host {
  /** The thread's id or the process's. */
  readonly id: number
  /** How many calls it has that have not settled. */
  readonly active: number
  /** Whether it takes no more calls: it is gone, or was told to go. */
  readonly closed: boolean
  /** Whether a call of it was told to stop and has not, so that the worker may have to be ended, with all its calls. */
  readonly doubtful: boolean
  /** Resolves when it can take calls; rejects when it did not start in time, or ended before. */
  readonly ready: Promise<void>
  /** Resolves when it is gone, for whatever reason. */
  readonly exited: Promise<HostExit>
  /**
   * Runs one call. Settles when its work has stopped: with the result; with what the function threw; with the signal's
   * reason; with `WorkerCrashedError` when the worker ended under it; with `SerializationError` when an argument or the
   * result can't be carried, which fails this call alone.
   */
  call(call: HostCall, options: HostCallOptions): Promise<unknown>
  /** Asks how many bytes it holds: the heap of a thread, the resident memory of a process. Rejects when it is gone. */
  memory(): Promise<number>
  /** Ends it, its calls included, for sure: resolves when it is gone. */
  stop(): Promise<void>
}
