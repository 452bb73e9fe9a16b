/** Hears how a task ended. */
export type done<R = unknown> = (error: Error | null, result?: R) => void
/** Works on a task, and calls `callback` once when it has. */
export type worker<C, T, R = unknown> = (this: C, task: T, callback: done<R>) => void
/** Works on a task. */
export type asyncWorker<C, T, R = unknown> = (this: C, task: T) => Promise<R>
/** Hears of each task that has ended; `error` is what its worker handed on, or nothing. */
export type errorHandler<T> = (error: Error, task: T) => void

/** A work queue. */
export interface queue<T = unknown, R = unknown> {
  /** Adds a task at the end. */
  push(task: T, done?: done<R>): void
  /** Adds a task at the beginning. */
  unshift(task: T, done?: done<R>): void
  /** Starts no more tasks; those that run go on. */
  pause(): void
  /** Goes on. */
  resume(): void
  /** How many tasks run. */
  running(): number
  /** Whether none runs and none waits. */
  idle(): boolean
  /** How many tasks wait. */
  length(): number
  /** The tasks that wait, the next one first. */
  getQueue(): T[]
  /** Forgets what waits, and `drain` with it; nobody hears of it. */
  kill(): void
  /** The same, but `drain` is called first. */
  killAndDrain(): void
  /** Forgets what waits and tells each `done` and the error handler so, by an error; forgets `drain`. */
  abort(): void
  /** Sets who hears of each task that has ended, of those that are pushed from now on. */
  error(handler: errorHandler<T>): void
  /** How many tasks may run at a time. */
  concurrency: number
  readonly paused: boolean
  /** Called when the last task has ended. */
  drain: () => unknown
  /** Called when the last one that waited has started. */
  empty: () => unknown
  /** Called when the first one has to wait. */
  saturated: () => unknown
}

/** A work queue of promises. */
export interface queueAsPromised<T = unknown, R = unknown> extends Omit<queue<T, R>, 'push' | 'unshift'> {
  /** Adds a task at the end. Its promise may be ignored. */
  push(task: T): Promise<R>
  /** Adds a task at the beginning. Its promise may be ignored. */
  unshift(task: T): Promise<R>
  /** Resolves when no task runs or waits any more. */
  drained(): Promise<void>
}
