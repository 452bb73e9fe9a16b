import type { Operation } from 'effection'
import type { WaitOptions } from '../base/wait-timeout.ts'
import type { Amounts, Limits } from '../limits/types.ts'

/**
 * What a task does. The value the function returns decides how it runs: an effection `Operation` (a generator, a
 * resource, an effection `Task`) runs in a scope of its own, with everything it spawned torn down before the task ends;
 * a thenable is awaited; anything else, arrays, strings, Maps and Sets included, is the result.
 */
export type Work<T> = (task: TaskContext) => T | PromiseLike<T> | Operation<T>

/**
 * What comes of work that returns `R`: the value of a promise or an operation, anything else as it is. Collections are
 * told apart first, since a string would pass for an operation of `undefined`.
 */
export type Outcome<R> = R extends string | readonly unknown[] | ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
  ? R
  : R extends Operation<infer T>
    ? Awaited<T>
    : Awaited<R>

/** What a piece of work is told about itself, and how it hears that it should stop. */
export interface TaskContext {
  /** 1, 2, 3 … within the manager. */
  readonly id: number
  readonly name: string
  /** 1 for the first attempt, one more for each retry. */
  readonly attempt: number
  /**
   * Aborted when the task is cancelled or runs out of time, with the reason. Made when it is first read: work that never
   * reads it cannot be told to stop.
   */
  readonly signal: AbortSignal
  /** Reports how far the work has come; a number is a fraction from 0 to 1. */
  progress(value: number | TaskProgress): void
  /**
   * What is sent to the task by `handle.send`, in order, also from before it started: each message once, to one of its readers.
   * The loop ends when the task is told to stop. Nothing comes to work on another machine.
   *
   * ```ts
   * for await (const message of currentTask().messages) console.log(message)
   * ```
   */
  readonly messages: AsyncIterableIterator<unknown>
  /**
   * The limits the task was spawned with, for what it finds out it needs beside what was taken for it; without any, whatever
   * is asked for is there. What the work acquires here and does not release comes back when it has stopped.
   */
  readonly limits: TaskLimits
  /** What was taken for the task: settle it with `update` when it is known what was used. */
  readonly permit: TaskPermit
}

/** The limits of a task, seen from inside it, wherever it runs. */
export interface TaskLimits {
  /**
   * Waits until all of it can be taken together: see `acquire` of a limit. Rejects with `DeadlockError` at once when it asks
   * for more than is left beside what was taken for the task itself, which comes back only with its end.
   */
  acquire(amounts?: Amounts, options?: TaskLimitOptions): PromiseLike<TaskPermit>
}

/** How to take more of a limit from inside a task. */
export interface TaskLimitOptions {
  /** Milliseconds to wait. @default Infinity */
  readonly timeout?: number
  /** Takes just what `amounts` names, where otherwise call and resource limits count 1. @default false */
  readonly only?: boolean
}

/** What a limit granted to a task. In another thread or process both methods take a message, which can be awaited. */
export interface TaskPermit extends AsyncDisposable {
  /** Gives back what is held; nothing the second time. A call in another thread or process gives it back when it ends. */
  release(): void | Promise<void>
  /**
   * Says how much it turned out to be, and gives the rest back. Of `task.permit` it may be more than was taken: that is owed,
   * and taken before all else as soon as it is there.
   */
  update(amounts: Amounts): void | Promise<void>
  /** Of a `limitPool`: the index of the member that granted it. */
  readonly member?: number | undefined
  /** Of a `limitPool`: that member itself; not in another thread, process or machine. */
  readonly limit?: Limits | undefined
}

/** How far a task has come. */
export interface TaskProgress {
  readonly completed: number
  readonly total?: number
  readonly message?: string
}

/**
 * Where a task is in its life. `done`, `failed` and `cancelled` are final.
 *
 * `pending → running → done | failed`, `pending → cancelled`, `running → stopping → failed | cancelled`, `running →
 * pending` between two attempts, and `pending → failed` when the deadline passes first.
 */
export type TaskStatus = 'pending' | 'running' | 'stopping' | 'done' | 'failed' | 'cancelled'

/** One run of the work: epoch milliseconds, and what it threw if it failed. */
export interface TaskAttempt {
  readonly startedAt: number
  readonly endedAt?: number
  readonly error?: unknown
}

/** What a {@link TaskRecord} holds. Times are epoch milliseconds. */
export interface TaskRecordFields {
  readonly id: number
  readonly name: string
  readonly type?: string
  /** Its labels, each once. */
  readonly tags?: readonly string[]
  readonly key?: string
  /** Of a task that has ended: until when its key counts. */
  readonly keyUntil?: number
  readonly status: TaskStatus
  readonly priority: number
  /** The number of the latest attempt; 0 before the first. */
  readonly attempt: number
  readonly attempts: readonly TaskAttempt[]
  readonly createdAt: number
  /** When it was to start at the earliest, if it was spawned with `delay` or `at`. */
  readonly notBefore?: number
  readonly startedAt?: number
  readonly endedAt?: number
  readonly updatedAt: number
  readonly result?: unknown
  /** Why a record that comes from a store has no `result` although there was one: `wait` rejects with it. */
  readonly resultLeftOut?: string
  readonly error?: unknown
  /** What a cleanup threw when it was not the outcome: after a failure or a timeout of its own. */
  readonly cleanupError?: unknown
  readonly cancelReason?: unknown
  /** The work was still running when the handle settled, because it could not be told to stop or did not in time. */
  readonly abandoned: boolean
  readonly progress?: TaskProgress
  /** Of a task whose class is in the `tasks` of its runner: what JSON makes of it, its own copy in each record. */
  readonly payload?: unknown
  /** The id of the task that this one repeats: see {@link TaskRunner.rerun}. */
  readonly rerunOf?: number
  /** Why a record that comes from a store lacks some of its attempts, or the ends of some texts. */
  readonly shortened?: string
}

/** A frozen snapshot of a task. `JSON.stringify` takes it when it takes the result. */
export interface TaskRecord extends TaskRecordFields {
  /**
   * The same with everything that was thrown as plain data: of an error its name, message, code, cause and stack. JSON
   * would make `{}` of it.
   */
  toJSON(): TaskRecordFields
}

/**
 * A task from the outside: a promise of its result, an effection operation, and a remote control.
 *
 * When it has settled, the work has stopped; the record says so where that could not be had (`abandoned`). Await it as
 * often as you like, early or late: always the same value or the same error.
 */
export interface TaskHandle<T> extends Promise<T>, Operation<T>, AsyncDisposable {
  readonly id: number
  readonly name: string
  /**
   * Who goes first: higher before lower. Setting it has a pending task stand behind those that have that priority already;
   * for a task that runs it counts from its next attempt, for one that has ended not at all.
   */
  priority: number
  readonly status: TaskStatus
  /** Resolves when the queue has taken the task; rejects as the handle would when it never did. */
  readonly accepted: Promise<void>
  /** Whether the task has ended, one way or another. */
  done(): boolean
  /** The result of an ended task; throws its failure, or `TaskNotFinishedError` before the end. */
  result(): T
  /** What made the task fail, `undefined` when it is done; throws `TaskNotFinishedError` before the end. */
  exception(): unknown
  /**
   * Stops the task. Acts at once, awaited or not; the promise resolves when the work has stopped (at the latest
   * `cleanupTimeout` later), with `false` when it had already ended. Never rejects.
   */
  cancel(reason?: unknown): Promise<boolean>
  /**
   * Sends a message to the work, which reads it from `task.messages`. It waits for work that has not started, and between two
   * attempts for the next; to a thread or a process it goes as a copy, and what an attempt there had not read ends with it.
   * Returns `false`, and sends nothing, when the task has ended or was told to stop.
   *
   * Throws `SerializationError` for what can't be carried to where the work runs, `TypeError` in the mode distributed.
   */
  send(message: unknown): boolean
  /** The result, or a rejection when `timeout` or `signal` ends the wait. Gives up waiting, never the task. */
  wait(options?: WaitOptions): Promise<T>
  /** A snapshot of this moment. */
  record(): TaskRecord
  /** Cancels the task and waits until it has stopped. */
  [Symbol.asyncDispose](): Promise<void>
}
