/**
 * The root of every error this library makes. Catch it to tell our errors from your own, and switch on `code` where
 * `instanceof` cannot serve (across realms, threads or processes).
 *
 * Errors thrown by your work are never wrapped in one of these: they arrive as they were thrown.
 */
export abstract class TaskScopeError extends Error {
  /** A stable identifier, `ERR_…`: it does not change between versions, messages may. */
  abstract readonly code: string
}

/** All of them by name, for those that come back from a message or a file. */
export const ERRORS = new Map<string, { readonly prototype: Error }>()

/**
 * What a class of errors is called, which it hands on as its own `name`: so a bundler sees that nothing is lost with a class
 * that nobody uses. On the prototype, where `Error` looks while it writes the first line of `stack`; an own field would come
 * too late.
 */
/* @__NO_SIDE_EFFECTS__ */ export function named(type: { prototype: TaskScopeError }, name: string): string {
  ERRORS.set(name, type)
  Object.defineProperty(type.prototype, 'name', { value: name, configurable: true, writable: true })
  return name
}

/** The task was cancelled before it could end by itself. `cause` is the reason handed to `cancel`, if there was one. */
export class TaskCancelledError extends TaskScopeError {
  static override readonly name: string = named(this, 'TaskCancelledError')

  readonly code = 'ERR_TASK_CANCELLED'
}

/** A task that is supervised was to be started again too often. `cause` is the last error, if its last run has failed. */
export class TooManyRestartsError extends TaskScopeError {
  static override readonly name: string = named(this, 'TooManyRestartsError')

  readonly code = 'ERR_TOO_MANY_RESTARTS'
  /** How many there may be … */
  readonly maxRestarts: number
  /** … within so many milliseconds. */
  readonly per: number

  constructor(message: string, maxRestarts: number, per: number, options?: ErrorOptions) {
    super(message, options)
    this.maxRestarts = maxRestarts
    this.per = per
  }
}

/** The task ran longer than its `timeout` (one attempt) or its `deadline` (all attempts and all waiting) allowed. */
export class TaskTimeoutError extends TaskScopeError {
  static override readonly name: string = named(this, 'TaskTimeoutError')

  readonly code = 'ERR_TASK_TIMEOUT'
  /** The limit that was passed, in milliseconds. */
  readonly limit: number

  constructor(message: string, limit: number, options?: ErrorOptions) {
    super(message, options)
    this.limit = limit
  }
}

/** `result()` or `exception()` was asked of a task that has not ended: await the handle first. */
export class TaskNotFinishedError extends TaskScopeError {
  static override readonly name: string = named(this, 'TaskNotFinishedError')

  readonly code = 'ERR_TASK_NOT_FINISHED'
}

/** `spawn` or `scope` of a scope that has ended: what starts there would outlive it. */
export class ScopeEndedError extends TaskScopeError {
  static override readonly name: string = named(this, 'ScopeEndedError')

  readonly code = 'ERR_SCOPE_ENDED'
}

/** The queue holds as many pending tasks as it may (`maxPending`): nothing was kept, try again when one has started. */
export class QueueFullError extends TaskScopeError {
  static override readonly name: string = named(this, 'QueueFullError')

  readonly code = 'ERR_QUEUE_FULL'
}

/**
 * A task of the same `key` lives, or has ended not long ago (`keepKeyFor`), and `onDuplicate` is `'reject'`: nothing was kept.
 * Also the reason with which a task is cancelled whose place another one takes (`'replace'`).
 */
export class DuplicateKeyError extends TaskScopeError {
  static override readonly name: string = named(this, 'DuplicateKeyError')

  readonly code = 'ERR_DUPLICATE_KEY'
  /** The key that both have. */
  readonly key: string
  /** The other task: the one that has the key, or that has taken the place. */
  readonly id: number

  constructor(message: string, key: string, id: number, options?: ErrorOptions) {
    super(message, options)
    this.key = key
    this.id = id
  }
}

/** The manager is closing or closed and takes no new work; nothing was kept. */
export class ManagerClosedError extends TaskScopeError {
  static override readonly name: string = named(this, 'ManagerClosedError')

  readonly code = 'ERR_MANAGER_CLOSED'
}

/** What was awaited can never happen, because it waits for the task that awaits it. */
export class DeadlockError extends TaskScopeError {
  static override readonly name: string = named(this, 'DeadlockError')

  readonly code = 'ERR_DEADLOCK'
}

/** A `failFast` manager stopped because tasks failed: `errors` has all of them, `cause` is the first. */
export class TaskGroupError extends TaskScopeError {
  static override readonly name: string = named(this, 'TaskGroupError')

  readonly code = 'ERR_TASK_GROUP'
  /** Every failure, in the order in which they happened: your own errors, by identity. */
  readonly errors: readonly unknown[]

  constructor(message: string, errors: readonly unknown[]) {
    super(message, { cause: errors[0] })
    this.errors = errors
  }
}

/** `retryUntil` accepted none of the results, and no retry is left. */
export class RetryValidationError extends TaskScopeError {
  static override readonly name: string = named(this, 'RetryValidationError')

  readonly code = 'ERR_RETRY_VALIDATION'
  /** How many times the work was run. */
  readonly attempts: number
  /** The results that were refused, oldest first. */
  readonly results: readonly unknown[]
  /** Why each of them was: what the predicate threw, or an error that names it. */
  readonly reasons: readonly unknown[]

  constructor(
    message: string,
    attempts: number,
    results: readonly unknown[],
    reasons: readonly unknown[],
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.attempts = attempts
    this.results = results
    this.reasons = reasons
  }
}

/** There is no such task: the id was never given out, or its record is older than the `history` that is kept. */
export class TaskNotFoundError extends TaskScopeError {
  static override readonly name: string = named(this, 'TaskNotFoundError')

  readonly code = 'ERR_TASK_NOT_FOUND'
}

/** The process died before the task had ended, and it was not run again. */
export class TaskInterruptedError extends TaskScopeError {
  static override readonly name: string = named(this, 'TaskInterruptedError')

  readonly code = 'ERR_TASK_INTERRUPTED'
}

/** A task that has ended can't be run again: its class was not in `tasks`, or can't make it again. */
export class TaskNotRerunnableError extends TaskScopeError {
  static override readonly name: string = named(this, 'TaskNotRerunnableError')

  readonly code = 'ERR_TASK_NOT_RERUNNABLE'
}

/** The store could not be opened, read or written; `cause` is what it said. Tasks that run are not touched by it. */
export class StoreError extends TaskScopeError {
  static override readonly name: string = named(this, 'StoreError')

  readonly code = 'ERR_STORE'
}

/** A value can't be carried to where it is needed: into another thread, process or machine, or into a file. */
export class SerializationError extends TaskScopeError {
  static override readonly name: string = named(this, 'SerializationError')

  readonly code = 'ERR_SERIALIZATION'
}

/**
 * A worker ended while it had this call: `process.exit`, an uncaught error, out of memory, a signal. Whether the work was
 * done, half or whole, is not known. `cause` is what ended the worker, if it said so.
 */
export class WorkerCrashedError extends TaskScopeError {
  static override readonly name: string = named(this, 'WorkerCrashedError')

  readonly code = 'ERR_WORKER_CRASHED'
  /** The code it exited with; `null` when a signal ended it. */
  readonly exitCode: number | null
  /** The signal that ended it, such as `'SIGKILL'`; `null` for a thread, which has none. */
  readonly signal: string | null

  constructor(message: string, exitCode: number | null, signal: string | null, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
    this.signal = signal
  }
}
