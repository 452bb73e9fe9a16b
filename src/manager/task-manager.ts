import { INSPECT, type Inspection, inspected } from '../base/inspect.ts'
import { capacity, knownOptions, oneOf, refuseNew, runnable, STARTING } from '../base/options.ts'
import { onlyWaitLimit, type WaitOptions } from '../base/wait-timeout.ts'
import { managerSettings } from '../scheduler/manager-settings.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import { cancelAll, closeRequest, stopPending } from '../scheduler/shutdown.ts'
import { Supervisor } from '../scheduler/supervisor.ts'
import type { CloseOptions, CloseReport, ManagerEvents, ManagerStats, TaskManagerOptions } from '../scheduler/types.ts'
import { untilPendingBelow } from '../scheduler/waiters.ts'
import { startStream } from '../streams/task-stream.ts'
import type { StreamOptions, StreamWork, TaskStream } from '../streams/types.ts'
import { SharedSettings, SPAWN_OPTIONS, type SpawnOptions, spawnSettings } from '../task/spawn-settings.ts'
import type { Outcome, TaskContext, TaskHandle, Work } from '../task/types.ts'
import { type Every, type EveryOptions, startEvery } from './every.ts'
import { mapItems } from './map.ts'
import type { MapFunction, MapOptions, MapResults, MapSettled } from './map-options.ts'
import { EVENTS, LIVE, type LiveStatus } from './names.ts'
import { keepResidents } from './residents.ts'
import { type SuperviseOptions, supervisedSettings } from './supervise.ts'
import { runScope, type Scoped, type ScopeOptions, type TaskScope } from './task-scope.ts'

/** @internal Makes the manager of a supervisor: what a runner and a worker stand on has one that users see. */
export let managerOn: (supervisor: Supervisor) => TaskManager

/** @internal What is beneath a manager. */
export let schedulerOf: (manager: TaskManager) => Scheduler

/**
 * Runs tasks, at most `maxTasks` at a time, and answers for every one of them: when a handle has settled its work has
 * stopped, and when `close` has returned nothing is left running but what the report names.
 *
 * ```ts
 * await using manager = await TaskManager.start(10)
 * const page = manager.spawn(({ signal }) => fetch('https://example.com', { signal }), { timeout: 5_000 })
 * await manager.drain()
 * ```
 */
export class TaskManager implements AsyncDisposable {
  readonly #supervisor: Supervisor
  readonly #scheduler: Scheduler
  readonly #shared = new SharedSettings()

  static {
    managerOn = supervisor => new TaskManager(STARTING, supervisor)
    schedulerOf = manager => manager.#scheduler
  }

  private constructor(key: typeof STARTING, supervisor: Supervisor) {
    refuseNew('TaskManager', key)
    this.#supervisor = supervisor
    this.#scheduler = supervisor.scheduler
    keepResidents(managerOn)
  }

  /**
   * Starts a manager. A number is `maxTasks`.
   *
   * Rejects with `TypeError` or `RangeError` for a wrong option, and with the signal's reason if it is already aborted.
   */
  static async start(options?: number | TaskManagerOptions): Promise<TaskManager> {
    return TaskManager.startSync(options)
  }

  /**
   * The same without a promise: for constructors, fields of classes, and the top level of CommonJS. Throws what `start`
   * rejects with.
   *
   * ```ts
   * class Crawler {
   *   readonly #tasks = TaskManager.startSync({ name: 'crawler', maxTasks: 10 })
   * }
   * ```
   */
  static startSync(options?: number | TaskManagerOptions): TaskManager {
    return managerOn(new Supervisor(managerSettings(options)))
  }

  /**
   * Hands a task over, to be started on a later microtask as soon as a slot is free, in the async context of this call. So
   * what one tick spawns starts by priority; until then `stats()` counts it as pending, and `pause()` still keeps it back.
   * When tasks have been starting for about 10 ms without a turn of the event loop, the next ones start after one.
   *
   * Throws, and keeps nothing: `TypeError` and `RangeError` for wrong work or options, `QueueFullError` past
   * `maxPending`, `ManagerClosedError` once `close` was called.
   */
  spawn<R>(work: (task: TaskContext) => R, options?: SpawnOptions<NoInfer<Outcome<R>>>): TaskHandle<Outcome<R>>
  spawn<T>(work: Work<T>, options?: SpawnOptions<NoInfer<T>>): TaskHandle<T>
  spawn(work: Work<unknown>, options?: SpawnOptions): TaskHandle<unknown> {
    const { defaults } = this.#scheduler.settings
    if (options === undefined) return this.#scheduler.submit(work, defaults)
    this.#scheduler.refuseIfClosed()
    const settings = spawnSettings(knownOptions('options', options, SPAWN_OPTIONS), defaults, this.#shared)
    return this.#scheduler.submit(work, this.#shared.of(settings), settings.priority)
  }

  /**
   * Runs `fn` on every item and gives the results, in the order of the input unless `ordered` is false. Pulls the input
   * as the results are taken, at most `buffer` items ahead. Nothing starts before the loop, or `toArray`, does.
   *
   * When a call fails the others are cancelled, whichever item it is of, and the loop throws its error once they have
   * stopped; results that had come before it in the loop's order are given first. With `onError: 'collect'` an error takes
   * the place of its result, with `'settle'` each item tells its index and how it ended.
   *
   * Leaving the loop closes the input: a Node or web stream that is waiting for data at once, anything else when the work
   * has stopped. What closing fails with goes to `onError` when the loop ends with another error.
   */
  map<I, R>(
    items: Iterable<I> | AsyncIterable<I>,
    fn: MapFunction<I, R>,
    options: MapOptions<NoInfer<Outcome<R>>, NoInfer<I>> & { readonly onError: 'collect' },
  ): MapResults<Outcome<R> | Error>
  map<I, R>(
    items: Iterable<I> | AsyncIterable<I>,
    fn: MapFunction<I, R>,
    options: MapOptions<NoInfer<Outcome<R>>, NoInfer<I>> & { readonly onError: 'settle' },
  ): MapResults<MapSettled<Outcome<R>>>
  map<I, R>(
    items: Iterable<I> | AsyncIterable<I>,
    fn: MapFunction<I, R>,
    options?: MapOptions<NoInfer<Outcome<R>>, NoInfer<I>>,
  ): MapResults<Outcome<R>>
  map<I>(
    items: Iterable<I> | AsyncIterable<I>,
    fn: MapFunction<I, unknown>,
    options?: MapOptions,
  ): MapResults<unknown> {
    this.#scheduler.refuseIfClosed()
    return mapItems(this.#scheduler, items, fn, options)
  }

  /** Spawns a task that gives many values: see {@link TaskStream}. Throws what `spawn` throws. */
  stream<T>(work: StreamWork<T>, options?: StreamOptions): TaskStream<T> {
    return startStream(this.#scheduler, work, options) as TaskStream<T>
  }

  /**
   * Calls `body` with a scope of its own, and settles when the body and all tasks that were spawned in it have ended, their
   * work stopped. The scope takes no slot; its tasks take those of this manager.
   *
   * The first failure, of the body or of a task, aborts `scope.signal`, cancels the rest, and is thrown once all has
   * stopped; where others failed besides, a `TaskGroupError` has all of them. A body that does not hear of it is waited for
   * as long as `cleanupTimeout` says. So do `deadline` (`TaskTimeoutError`) and `signal` (its reason), and inside a task, of
   * whichever manager, or in the call of a worker, its stop. For `yield*` it is an operation; halted, it aborts the scope too.
   *
   * ```ts
   * const { user, posts } = await manager.scope(async scope => {
   *   const user = scope.spawn(({ signal }) => getUser(id, signal))
   *   const posts = scope.spawn(({ signal }) => getPosts(id, signal))
   *   return { user: await user, posts: await posts }
   * }, { deadline: 2_000 })
   * ```
   */
  scope<T>(body: (scope: TaskScope) => T | PromiseLike<T>, options?: ScopeOptions): Scoped<T> {
    this.#scheduler.refuseIfClosed()
    const { cleanupTimeout } = this.#scheduler.settings
    return runScope({ spawn: (work, each) => this.spawn(work, each), cleanupTimeout }, body, options)
  }

  /**
   * Spawns `work` every `ms` milliseconds, counted from this call, until it is stopped or the manager is closed. Nothing adds
   * up: a late beat does not move the next one, and after a suspension there is one, not all that were missed. A beat that
   * finds the queue full is skipped. Like any timer it keeps the process alive.
   *
   * ```ts
   * await using poll = manager.every(60_000, ({ signal }) => refresh(signal), { timeout: 30_000, immediate: true })
   * ```
   */
  every<R>(ms: number, work: (task: TaskContext) => R, options?: EveryOptions<NoInfer<Outcome<R>>>): Every<Outcome<R>>
  every<T>(ms: number, work: Work<T>, options?: EveryOptions<NoInfer<T>>): Every<T>
  every(ms: number, work: Work<unknown>, options?: EveryOptions): Every<unknown> {
    this.#scheduler.refuseIfClosed()
    const onClosed = (closed: () => void) => this.on('closed', closed)
    return startEvery({ spawn: (each, settings) => this.spawn(each, settings), onClosed }, ms, work, options)
  }

  /**
   * Spawns a task that is started again when it fails, or also when it returns, after a wait without a slot. One handle over
   * all its runs; it ends when it is cancelled, as its last run does, or with `TooManyRestartsError`.
   *
   * ```ts
   * await using feed = manager.supervise(({ signal }) => listen(signal), { restart: 'always', wait: 100 })
   * ```
   */
  supervise<R>(work: (task: TaskContext) => R, options?: SuperviseOptions): TaskHandle<Outcome<R>> {
    this.#scheduler.refuseIfClosed()
    const settings = supervisedSettings(options, this.#scheduler.settings.defaults)
    return this.#scheduler.submit(work as Work<unknown>, settings) as TaskHandle<Outcome<R>>
  }

  /**
   * Resolves when nothing is pending and nothing runs, tasks spawned meanwhile included. Rejects with `TaskTimeoutError` or
   * the signal's reason when that takes longer than the options say; the work goes on.
   *
   * Rejects with `DeadlockError` inside a task of this manager, and with `TaskGroupError` when `failFast` cancelled the
   * rest after a failure.
   */
  async drain(options?: WaitOptions): Promise<void> {
    await this.#supervisor.drain(onlyWaitLimit(options))
  }

  /**
   * Refuses new work at once, lets pending and running work go on until the timeout (counted from this call), cancels
   * what is left, waits up to `cleanupTimeout` and reports. A paused manager is resumed. Never rejects.
   *
   * Calling it again joins the first call and can only make it sooner. Inside a task of this manager the promise resolves
   * as soon as only tasks that wait for it are left.
   */
  close(options?: CloseOptions): Promise<CloseReport> {
    return this.#supervisor.close(closeRequest(options, this.#scheduler.settings.closeTimeout))
  }

  /** Closes like `close()`. Rejects with `TaskGroupError` if `failFast` stopped the manager and no `drain` has said so. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#supervisor.dispose(closeRequest(undefined, this.#scheduler.settings.closeTimeout))
  }

  /**
   * Cancels every task there is now; resolves when their work has stopped. Where very many are pending, the call cancels
   * those of the first 10 ms, 256 at least, and the others between turns of the event loop; nothing starts meanwhile.
   */
  async cancelAll(reason?: unknown): Promise<void> {
    await cancelAll(this.#scheduler, reason)
  }

  /** Cancels every task that is pending now, those between two attempts included, and resolves with how many they were. */
  async cancelPending(reason?: unknown): Promise<number> {
    return stopPending(this.#scheduler, { kind: 'cancel', reason })
  }

  /** Resolves when fewer than `count` tasks are pending: for a producer that should not run ahead. */
  async whenPendingBelow(count: number, options?: WaitOptions): Promise<void> {
    await untilPendingBelow(this.#scheduler, capacity('count', count), onlyWaitLimit(options))
  }

  /** Starts no more tasks until `resume`; those that run go on. */
  pause(): void {
    if (!this.#supervisor.isClosed) this.#scheduler.paused = true
  }

  /** Ends a `pause`, or the beginning of a manager with `autoStart: false`. */
  resume(): void {
    this.#scheduler.paused = false
  }

  /** The handle of a task that has not ended. */
  get(id: number): TaskHandle<unknown> | undefined {
    return this.#scheduler.find(id)?.handle
  }

  /** The handles of the tasks that have not ended, or of those in one status, in the order in which they were spawned. */
  handles(status?: LiveStatus): TaskHandle<unknown>[] {
    if (status !== undefined) oneOf('status', LIVE, status)
    const live = this.#scheduler.live.toArray()
    return live.filter(task => status === undefined || task.status === status).map(task => task.handle)
  }

  /** The `name` of its options. */
  get name(): string {
    return this.#scheduler.settings.name
  }

  /** How many tasks may run at a time. Raising it starts more at once; lowering it cancels nothing. */
  get maxTasks(): number {
    return this.#scheduler.maxTasks
  }

  set maxTasks(value: number) {
    this.#scheduler.maxTasks = capacity('maxTasks', value)
  }

  /** The counts of this moment. */
  stats(): ManagerStats {
    const { counts, abandoned, maxTasks, paused } = this.#scheduler
    return { ...counts, abandoned: abandoned.size, maxTasks, paused, closed: this.#supervisor.isClosed }
  }

  /**
   * Calls `listener` after each such event, in order, in a microtask of its own. Returns the function that ends it. What
   * a listener throws goes to the logger.
   */
  on<T extends keyof ManagerEvents>(event: T, listener: (event: ManagerEvents[T]) => void): () => void {
    const name: keyof ManagerEvents = oneOf('event', EVENTS, event)
    const listen = runnable('listener', listener) as (event: ManagerEvents[keyof ManagerEvents]) => void
    const { events, emptied } = this.#scheduler
    return name === 'empty' ? emptied.on(name, listen) : events.on(name, listen)
  }

  /** @internal */
  [INSPECT](...inspection: Inspection): string {
    return inspected('TaskManager', { name: this.#scheduler.settings.name, ...this.stats() }, ...inspection)
  }
}
