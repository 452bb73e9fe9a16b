import type { Amounts, Limits } from '../limits/types.ts'
import type { Progress } from '../progress/types.ts'
import type { RetryOptions } from '../task/retry.ts'
import type { TaskContext, TaskRecord } from '../task/types.ts'

/** Where failures go that nobody observed: anything with an `error` method, such as `console` or a pino logger. */
export interface Logger {
  /** Takes one failure, and what it is about. */
  error(error: unknown, message: string): void
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

/** How one task is run, whose result is an `R`. */
export interface SpawnOptions<R = unknown> {
  /** @default `task N` */
  readonly name?: string
  /** A kind, for your own queries over records. */
  readonly type?: string
  /** Higher goes first, first come first served within. Any number. @default 0 */
  readonly priority?: number
  /** Milliseconds for one attempt, from its start. @default Infinity */
  readonly timeout?: number
  /** Milliseconds for everything, from `spawn` on: waiting and all attempts. @default Infinity */
  readonly deadline?: number
  /** Aborting it cancels the task with the signal's reason. */
  readonly signal?: AbortSignal
  /** How often and when to try again after a failure or a timeout; a number is `retries`. @default 0 */
  readonly retry?: number | RetryOptions<R>
  /** What each attempt needs before it takes a slot, and gives back when its work has stopped. */
  readonly limits?: Limits
  /**
   * How much of each limit, by key; call and resource limits that are not named count 1, rates in a set must be named.
   * `'none'`: nothing, for work that acquires by itself (`task.limits`).
   */
  readonly cost?: Amounts | 'none'
  /**
   * `true`: starts in the very call, where otherwise a later microtask does, if a slot is free that nobody who goes before
   * it needs, and if it has not to wait for limits together with others. @default false
   */
  readonly startNow?: boolean
}

/** How {@link TaskManager.map} runs: the options of each task, and of the whole. */
export interface MapOptions<R = unknown> extends Omit<SpawnOptions<R>, 'startNow'> {
  /** How many items may be started or finished ahead of the loop that takes the results. @default maxTasks */
  readonly buffer?: number
  /** `true`: results in the order of the input. `false`: as they finish. @default true */
  readonly ordered?: boolean
  /**
   * `'throw'`: the first failure in time ends the loop and cancels the rest. `'collect'`: an error takes its result's place,
   * and `entries()` tells which item it is of. `'settle'`: each item gives a {@link MapSettled}, which tells returned errors
   * from thrown ones. @default 'throw'
   */
  readonly onError?: 'throw' | 'collect' | 'settle'
  /**
   * `true`: a bar or lines on stderr; options for them; a function that is told after each item; a reporter of your own.
   * The total is told when the input has a known length. @default false
   */
  readonly progress?: Progress
}

/** Maps one item, as any work; `index` counts from 0. */
export type MapFunction<I, R> = (item: I, task: TaskContext, index: number) => R

/** How one item of a map ended, and which, counted from 0. */
export type MapSettled<O> =
  | { readonly status: 'fulfilled'; readonly value: O; readonly index: number }
  | { readonly status: 'rejected'; readonly reason: unknown; readonly index: number }

/** The results of a `map`: a loop over them drives it, and leaving the loop cancels what it started. */
export interface MapResults<O> extends AsyncIterable<O> {
  /** Starts the run. */
  [Symbol.asyncIterator](): AsyncIterableIterator<O>
  /**
   * Starts a run too, and gives with each result, or error that takes its place, the index of its item, counted from 0.
   *
   * ```ts
   * for await (const [index, page] of manager.map(urls, load, { onError: 'collect', ordered: false }).entries())
   *   if (page instanceof Error) console.error(urls[index], page.message)
   * ```
   */
  entries(): AsyncIterableIterator<[index: number, result: O]>
  /** Runs to the end and returns all results. */
  toArray(): Promise<O[]>
}

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
    | 'stopping'
    | 'done'
    | 'failed'
    | 'cancelled'
    | 'abandoned'
  readonly record: TaskRecord
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
export type TaskEvent = TaskStatusEvent | DrainedEvent | ClosedEvent

/** The events of a manager and what their listeners get. */
export interface ManagerEvents {
  submitted: TaskStatusEvent
  started: TaskStatusEvent
  progress: TaskStatusEvent
  retrying: TaskStatusEvent
  stopping: TaskStatusEvent
  done: TaskStatusEvent
  failed: TaskStatusEvent
  cancelled: TaskStatusEvent
  abandoned: TaskStatusEvent
  drained: DrainedEvent
  empty: EmptyEvent
  closed: ClosedEvent
}
