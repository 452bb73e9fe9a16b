import type { SpawnOptions } from '../task/spawn-settings.ts'
import type { TaskRecord } from '../task/types.ts'
import type { WaitsFor } from './stuck/waits-for.ts'

/** Where failures go that nobody observed: anything with an `error` method, such as `console` or a pino logger. */
export interface Logger {
  /** Takes one failure, and what it is about. */
  error(error: unknown, message: string): void
  /** Takes the warning of `stuckAfter`, if it is there: the first few of the events, and the message. */
  warn?(event: object, message: string): void
}

/** How a {@link TaskManager} works. */
export interface TaskManagerOptions {
  /** How many tasks may run at a time: a positive integer or `Infinity`. @default 35 */
  readonly maxTasks?: number
  /** How many may wait for a slot; `spawn` past it throws `QueueFullError`. 0: only what can start now. @default Infinity */
  readonly maxPending?: number
  /** Milliseconds that pending and running tasks get once `close` is called. @default 10_000 */
  readonly closeTimeout?: number
  /** Milliseconds that one task gets to clean up after cancel, timeout or close. @default 1_000 */
  readonly cleanupTimeout?: number
  /**
   * Milliseconds that tasks which await each other, or a slot that they hold, must have stood still before one of them gets
   * a `DeadlockError`; with `Infinity` only when the process has nothing else to do. @default 1_000
   */
  readonly deadlockAfter?: number
  /**
   * Milliseconds after which a task that stands still is told of, by the event `stuck` and by `logger.warn`, once until it
   * moves again; at least 1. A change of its status counts as moving, and `task.progress()`, and a wait for another task
   * that begins or ends. The warning counts all tasks that stand still, names three, and comes once a minute at most. A task
   * is told of an eighth of it too late at the latest. @default Infinity, off
   */
  readonly stuckAfter?: number
  /** The first failure cancels all other tasks, and `drain` or disposing rejects with `TaskGroupError`. @default false */
  readonly failFast?: boolean
  /** Names the manager in messages. @default 'manager' */
  readonly name?: string
  /** Aborting it cancels every task and closes the manager. */
  readonly signal?: AbortSignal
  /** Where failures are logged that nobody observed and no `onError` took; `false`: nowhere. @default console */
  readonly logger?: Logger | false
  /** Gets each failure that nobody observed, once; the logger then stays quiet. */
  readonly onError?: (error: unknown, record: TaskRecord) => void
  /** `false` starts paused: call `resume()`. @default true */
  readonly autoStart?: boolean
  /**
   * `true`: the stack of an error that makes a task fail goes on with where the task was spawned. Costs some microseconds
   * per task. @default whether Node was told to `--trace-uncaught`, as by `NODE_OPTIONS`
   */
  readonly spawnStacks?: boolean
  /** What holds for tasks whose own options do not say otherwise. */
  readonly defaults?: TaskDefaults
}

/** Defaults for the options of tasks; one that is given with a task takes the place of the default, limits included. */
export type TaskDefaults = Pick<SpawnOptions, 'retry' | 'timeout' | 'limits'>

/** Counts at one moment. `pending + running + stopping + done + failed + cancelled` is the number of tasks spawned. */
export interface ManagerStats {
  readonly pending: number
  readonly running: number
  readonly stopping: number
  readonly done: number
  readonly failed: number
  readonly cancelled: number
  /** Work that still runs although its slot was given up, because it did not stop within `cleanupTimeout`. */
  readonly abandoned: number
  readonly maxTasks: number
  readonly paused: boolean
  readonly closed: boolean
}

/** How to close. */
export interface CloseOptions {
  /** Milliseconds for pending and running tasks, from this call. @default closeTimeout of the manager */
  readonly timeout?: number
  /** `'run'`: pending tasks may still start within the timeout. `'cancel'`: they are cancelled at once. @default 'run' */
  readonly pending?: 'run' | 'cancel'
}

/** How a manager ended: its counts over its whole life, and the records of what did not get its chance. */
export interface CloseReport {
  readonly done: number
  readonly failed: number
  /** Includes the tasks that never started. */
  readonly cancelled: number
  /** Cancelled by this close before their first attempt. */
  readonly neverStarted: readonly TaskRecord[]
  /** Still running when this report was written, although told to stop. */
  readonly abandoned: readonly TaskRecord[]
  /**
   * Of a runner that was closed with `pending: 'keep'`: what its store has for the next one to run. They are neither in
   * `neverStarted` nor counted as cancelled, although their handles are.
   */
  readonly kept?: readonly TaskRecord[]
  /** Of a runner whose store did not take everything: the ids of the tasks that it has as they were before. */
  readonly unwritten?: readonly number[]
}

/** Something that happened to a task. `record` is its state right after. */
export interface TaskStatusEvent {
  readonly type:
    | 'submitted'
    | 'started'
    | 'progress'
    | 'retrying'
    | 'restarted'
    | 'stopping'
    | 'done'
    | 'failed'
    | 'cancelled'
    | 'abandoned'
  readonly record: TaskRecord
}

/** A task stands still: see `stuckAfter` of {@link TaskManagerOptions}. */
export interface StuckEvent {
  readonly type: 'stuck'
  readonly record: TaskRecord
  /** Its last sign of life, in epoch milliseconds. */
  readonly since: number
  /** Milliseconds from then to now. */
  readonly for: number
  readonly waitsFor: WaitsFor
}

/** Nothing is pending and nothing runs any more. */
export interface DrainedEvent {
  readonly type: 'drained'
}

/**
 * Nothing is pending any more: the last task that waited has started or was cancelled. It tells of the queue and of no task:
 * `events()` of a runner and the diagnostics channel do not have it.
 */
export interface EmptyEvent {
  readonly type: 'empty'
}

/** The manager is closed. */
export interface ClosedEvent {
  readonly type: 'closed'
  readonly report: CloseReport
}

/** Something that happened. */
export type TaskEvent = TaskStatusEvent | StuckEvent | DrainedEvent | ClosedEvent

/** The events of a manager and what their listeners get. */
export interface ManagerEvents {
  submitted: TaskStatusEvent
  started: TaskStatusEvent
  progress: TaskStatusEvent
  retrying: TaskStatusEvent
  /** A task of `supervise` runs again; after its `started`. */
  restarted: TaskStatusEvent
  stopping: TaskStatusEvent
  done: TaskStatusEvent
  failed: TaskStatusEvent
  cancelled: TaskStatusEvent
  abandoned: TaskStatusEvent
  stuck: StuckEvent
  drained: DrainedEvent
  empty: EmptyEvent
  closed: ClosedEvent
}
