import type { ManagerStats, TaskEvent, TaskManagerOptions } from '../scheduler/types.ts'
import type { TaskStore } from '../store/types.ts'
import type { SpawnOptions } from '../task/spawn-settings.ts'
import type { TaskStatus } from '../task/types.ts'
import type { BaseTaskClass } from './base-task.ts'

/** What `submit` does when the queue is full. */
export type SubmitPolicy = 'reject' | 'wait' | 'dropOldest' | 'dropNewest'

/** What becomes of the tasks of an earlier process that had not ended when it died. */
export type Recovery = 'rerun' | 'fail' | 'ignore'

/**
 * A logger by its shape, such as `console` or a pino logger; methods that it lacks are not called. A structured logger
 * gets an object first and the message second.
 */
export interface RunnerLogger {
  /** Takes failures that nobody observed, and what the store could not keep. */
  error(error: unknown, message: string): void
  /** Takes retries, abandoned work and the warning of `stuckAfter`. */
  warn?(event: object, message: string): void
  /** Takes the close of the runner. */
  info?(event: object, message: string): void
  /** Takes every other event of every task, but for its progress. */
  debug?(event: object, message: string): void
}

/** How a {@link TaskRunner} works: the options of a manager, but for its two numbers, and those of a runner. */
export interface TaskRunnerOptions extends Omit<TaskManagerOptions, 'maxTasks' | 'maxPending' | 'logger'> {
  /** How many tasks may run at a time: a positive integer or `Infinity`. @default 4 */
  readonly workers?: number
  /** How many tasks may wait for a worker. 0: only what can start now. @default 100 */
  readonly queueSize?: number
  /**
   * What `submit` does when the queue is full. `'reject'` throws `QueueFullError`. `'wait'` lets the task wait for a place:
   * see {@link TaskHandle.accepted}. `'dropOldest'` and `'dropNewest'` cancel the pending task that was submitted first, or
   * last, and take the new one. @default 'reject'
   */
  readonly submitPolicy?: SubmitPolicy
  /**
   * How many records of ended tasks are kept in memory; the oldest go first. With a store that can be asked, such as
   * `sqliteStore`, records, waits and reruns find what that still has as well. @default 10_000
   */
  readonly history?: number
  /** How much of what has ended the store keeps. @default { count: 100_000 } */
  readonly retain?: RetainOptions
  /** Milliseconds with nothing pending or running after which the runner closes. @default Infinity */
  readonly idleTimeout?: number
  /** Keeps the records of all tasks, over the end of the process. @default none, memory alone */
  readonly store?: TaskStore
  /**
   * `false`: tasks are accepted before their records are durable, and may start before. What has still to be written then
   * stays in memory, however much that is. @default true
   */
  readonly durable?: boolean
  /** The classes of tasks that the store can run again. */
  readonly tasks?: readonly BaseTaskClass[]
  /**
   * What becomes of stored tasks that had not ended when their process died. `'rerun'`: they are run again, those that
   * can't be fail with `TaskInterruptedError`. `'fail'`: all of them fail so. `'ignore'`: they stay in the store as they
   * are. @default 'rerun'
   */
  readonly recover?: Recovery
  /** Where events are logged; `false`: nowhere. @default console, for errors and the warning of `stuckAfter` */
  readonly logger?: RunnerLogger | false
}

/**
 * How much a store keeps of what has ended: those that ended first are removed, as others end and when the store is opened.
 * What has not ended is never removed.
 */
export interface RetainOptions {
  /** The last so many: zero, a positive integer or `Infinity`. @default 100_000 */
  readonly count?: number
  /** Milliseconds from the end of each task. @default Infinity */
  readonly for?: number
  /** Counts those that failed apart from the others: the last so many of them. @default count */
  readonly failedCount?: number
  /** Milliseconds for those that failed; with it they are counted apart as well. @default for */
  readonly failedFor?: number
}

/** How one task is submitted. What is given here goes before what the task itself says. */
export interface SubmitOptions<R = unknown> extends SpawnOptions<R> {
  /** `false`: accepted before its record is durable. @default durable of the runner */
  readonly durable?: boolean
}

/** How to close a runner. */
export interface RunnerCloseOptions {
  /** Milliseconds for pending and running tasks, from this call. @default closeTimeout of the runner */
  readonly timeout?: number
  /**
   * `'run'`: pending tasks may still start within the timeout. `'cancel'`: they are cancelled at once. `'keep'`: like
   * `'cancel'`, but what has not ended stays in the store, to be run by the next runner that opens it. @default 'run'
   */
  readonly pending?: 'run' | 'cancel' | 'keep'
}

/** Which records to look at: those that fit everything given. */
export interface RecordQuery {
  /** One status, or several. */
  readonly status?: TaskStatus | readonly TaskStatus[]
  readonly type?: string
  readonly name?: string
  /** Has it among its `tags`. */
  readonly tag?: string
  /** At most so many, the newest. @default Infinity */
  readonly limit?: number
  /** Only tasks with smaller ids, for the next page: the id of the last record of the one before. */
  readonly before?: number
}

/** How some milliseconds were distributed over all tasks so far; all zero when there were none. */
export interface Distribution {
  readonly count: number
  readonly mean: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

/** Counts at one moment, and times since the start. */
export interface RunnerStats extends ManagerStats {
  /** Pending tasks with a place in the queue; the others wait for one. */
  readonly queueSize: number
  /** Tasks submitted so far, those refused not included. */
  readonly submitted: number
  /** Submissions refused with `QueueFullError`. */
  readonly rejected: number
  /** Pending tasks that were cancelled to make room for others. */
  readonly dropped: number
  /** Attempts that were followed by another. */
  readonly retried: number
  /** From the submission of a task, or when it was due (`delay`, `at`), to its first start: whole milliseconds, within 0.1 %. */
  readonly waitTime: Distribution
  /** Of every attempt, from its start to its end: whole milliseconds, within 0.1 %. */
  readonly runTime: Distribution
  /** Tasks done or failed, per second. */
  readonly throughput: {
    readonly lastSecond: number
    /** Since the runner was started. */
    readonly overall: number
  }
}

/** How to listen to the events of a runner. */
export interface EventsOptions {
  /** How many events may wait for the loop: a positive integer or `Infinity`. @default 1_000 */
  readonly buffer?: number
}

/** The events of a runner as they come, until it is closed. Leave the loop, or call `return`, to stop listening. */
export interface TaskEvents extends AsyncIterableIterator<TaskEvent, undefined> {
  /** How many events were left out so far because the loop fell behind by more than the buffer holds. */
  readonly dropped: number
  [Symbol.asyncIterator](): TaskEvents
}
