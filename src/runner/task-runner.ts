import { INSPECT, type Inspection, inspected } from '../base/inspect.ts'
import { boolean, capacity, knownOptions, oneOf, refuseNew, STARTING } from '../base/options.ts'
import type { WaitOptions } from '../base/wait-timeout.ts'
import { onlyWaitLimit } from '../base/wait-timeout.ts'
import { managerOn, type TaskManager } from '../manager/task-manager.ts'
import { callerWithin } from '../scheduler/deadlock.ts'
import { managerSettings } from '../scheduler/manager-settings.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import { CLOSE_OPTIONS } from '../scheduler/shutdown.ts'
import { Supervisor } from '../scheduler/supervisor.ts'
import type { CloseReport, ManagerEvents } from '../scheduler/types.ts'
import { cancelTask } from '../task/cancel.ts'
import type { SpawnSettings } from '../task/spawn-settings.ts'
import type { Outcome, TaskContext, TaskHandle, TaskRecord, Work } from '../task/types.ts'
import type { BaseTask } from './base-task.ts'
import { runnerReport } from './closing.ts'
import { closeQuietly, NO_PAST, openStore, type Past, takeOver } from './durable/recovery.ts'
import { StoreWriter } from './durable/store-writer.ts'
import { EventStream, eventLog } from './events.ts'
import { History } from './history.ts'
import { Records } from './records.ts'
import { RunnerObserver } from './runner-observer.ts'
import { type RunnerSettings, runnerSettings } from './runner-settings.ts'
import { Statistics } from './statistics.ts'
import { Forgotten, submission } from './submission.ts'
import { SubmitQueue } from './submit-queue.ts'
import type {
  EventsOptions,
  RecordQuery,
  RunnerCloseOptions,
  RunnerStats,
  SubmitOptions,
  TaskEvents,
  TaskRunnerOptions,
} from './types.ts'

/**
 * Runs tasks like a {@link TaskManager}, and keeps their records: a queue of limited size with a policy for when it is full, a
 * record of every task by its id, statistics, events, and with a store all of that over the end of the process.
 *
 * ```ts
 * await using runner = await TaskRunner.start({ workers: 5, queueSize: 10, submitPolicy: 'wait' })
 * const handle = runner.submit(new SleepTask({ ms: 500 }))
 * console.log(await handle, runner.getRecord(handle.id)?.status)
 * ```
 */
export class TaskRunner implements AsyncDisposable {
  /** The manager it stands on. What is spawned there has records as well, but passes by the submit policy. */
  readonly manager: TaskManager
  readonly #settings: RunnerSettings
  readonly #supervisor: Supervisor
  readonly #scheduler: Scheduler
  readonly #records: Records
  readonly #statistics = new Statistics()
  readonly #submitQueue: SubmitQueue
  readonly #storeWriter: StoreWriter | undefined
  readonly #observer: RunnerObserver
  readonly #forgotten: Forgotten | undefined
  /** Whether it has taken over what earlier runners left. */
  #ready = false

  private constructor(key: typeof STARTING, settings: RunnerSettings) {
    refuseNew('TaskRunner', key)
    const { store, history, idleTimeout, logger } = settings
    this.#settings = settings
    const managed = managerSettings(settings.manager)
    const finished = new History(history)
    const report = () => this.#scheduler.report
    const close = () => this.#ready && this.#scheduler.idle && this.close()
    this.#storeWriter = store && new StoreWriter(store, managed.cleanupTimeout, report)
    this.#forgotten = store && settings.recover === 'rerun' ? new Forgotten(logger) : undefined
    this.#observer = new RunnerObserver(finished, this.#statistics, this.#storeWriter, idleTimeout, close)
    this.#supervisor = new Supervisor(managed, { observer: this.#observer })
    this.#scheduler = this.#supervisor.scheduler
    this.manager = managerOn(this.#supervisor)
    this.#records = new Records(this.#scheduler, finished, store)
    this.#submitQueue = new SubmitQueue(this.#scheduler, settings.submitPolicy, this.#statistics, this.#storeWriter)
    const log = logger ? eventLog(logger) : undefined
    if (log !== undefined) this.#scheduler.events.follow(log)
  }

  async #takeOver(past: Past): Promise<void> {
    const { signal } = this.#settings.manager
    try {
      await takeOver(past, this.#supervisor, this.#records)
      signal?.throwIfAborted()
    } catch (error) {
      // The store writer has not been opened: in the store everything stays as it is.
      await this.shutdown()
      signal?.throwIfAborted()
      throw error
    }
    this.#ready = true
    this.#storeWriter?.open(this)
    this.#scheduler.paused = !this.#scheduler.settings.autoStart
    if (this.#scheduler.idle) this.#observer.idle()
  }

  /** @internal What has ended. */
  static recordsOf(runner: TaskRunner): Records {
    return runner.#records
  }

  /**
   * Starts a runner, and with a store whatever that store says is unfinished.
   *
   * Rejects with `TypeError` or `RangeError` for a wrong option, with the signal's reason if it is already aborted, and
   * with `StoreError` when the store can't be opened.
   */
  static async start(options?: TaskRunnerOptions): Promise<TaskRunner> {
    const settings = runnerSettings(options)
    const { store } = settings
    settings.manager.signal?.throwIfAborted()
    const past = store === undefined ? NO_PAST : await openStore(store, settings)
    let runner: TaskRunner
    try {
      runner = new TaskRunner(STARTING, settings)
    } catch (error) {
      if (store !== undefined) await closeQuietly(store)
      throw error
    }
    await runner.#takeOver(past)
    return runner
  }

  /**
   * Hands a task over. See {@link TaskManager.spawn}; what becomes of it when the queue is full is the `submitPolicy`'s to
   * say. Await `accepted` of the handle before you submit more, to go no faster than the queue.
   *
   * Throws, and keeps nothing: `TypeError` and `RangeError` for a wrong task or options, `QueueFullError` when the queue is
   * full and the policy says so, `ManagerClosedError` once `close` was called, `SerializationError` when a task that
   * should be kept can't be turned into JSON.
   */
  submit<T>(task: BaseTask<T>, options?: SubmitOptions<NoInfer<T>>): TaskHandle<T>
  // What T can't be told from: a string or an array passes for an operation of `undefined`.
  submit<R>(
    task: BaseTask<unknown> & { run(task: TaskContext): R },
    options?: SubmitOptions<NoInfer<Outcome<R>>>,
  ): TaskHandle<Outcome<R>>
  submit<R>(work: (task: TaskContext) => R, options?: SubmitOptions<NoInfer<Outcome<R>>>): TaskHandle<Outcome<R>>
  submit<T>(work: Work<T>, options?: SubmitOptions<NoInfer<T>>): TaskHandle<T>
  submit(given: BaseTask<unknown> | Work<unknown>, options?: SubmitOptions): TaskHandle<unknown> {
    this.#scheduler.refuseIfClosed()
    const { work, settings, task: base, retry } = submission(given, options, this.#settings.defaults)
    const durable = boolean('durable', options?.durable ?? this.#settings.durable)
    const job = base && this.#settings.registry.jobOf(base, settings, retry)
    if (job === undefined) this.#forgotten?.tell(base)
    return this.#enter(work, job === undefined ? settings : { ...settings, job }, durable)
  }

  #enter(work: Work<unknown>, settings: SpawnSettings, durable: boolean): TaskHandle<unknown> {
    return this.#submitQueue.enter({ work, settings, durable: durable && this.#storeWriter !== undefined })
  }

  /**
   * Runs a task that has ended again, as one of its own: with a new id, and `rerunOf` in its record. It is made by `fromJSON` of
   * its class, which has to be in `tasks`, of what it was when it was submitted; its name, tags, priority, timeout, deadline
   * and retries are those it was submitted with. Tasks of earlier processes are found in the store.
   *
   * Throws as `submit` does, and `TaskNotFoundError` when there is no record of it, `TaskNotFinishedError` when it has not
   * ended, `DuplicateKeyError` when a task of the same key lives, `TaskNotRerunnableError` when it can't be made again, `StoreError` when the store has it damaged or can't be read.
   */
  rerun<T = unknown>(id: number): TaskHandle<T> {
    this.#scheduler.refuseIfClosed()
    const { work, settings } = this.#records.again(id, this.#settings)
    return this.#enter(work, settings, this.#settings.durable) as TaskHandle<T>
  }

  /**
   * The outcome of a task by its id, also of one that ended, or that an earlier process submitted. Gives up waiting, never
   * the task. Rejects with `TaskNotFoundError` when there is no record of it, with `StoreError` when the store has it
   * damaged.
   */
  async wait<T = unknown>(id: number, options?: WaitOptions): Promise<T> {
    onlyWaitLimit(options)
    return (await this.#records.outcome(id, options)) as T
  }

  /** A snapshot of a task as it is now. */
  getRecord(id: number): TaskRecord | undefined {
    return this.#records.find(id)
  }

  /**
   * The records that fit, newest first: everything that has not ended, what `history` holds, and what else the store has,
   * at some 10 µs for each of those: give a `limit` where there may be many. Throws `StoreError` when it can't be read.
   */
  records(query?: RecordQuery): TaskRecord[] {
    return this.#records.query(query)
  }

  /** See {@link TaskHandle.cancel}; `false` when the task had ended or is unknown. */
  async cancel(id: number, reason?: unknown): Promise<boolean> {
    const task = this.#scheduler.find(id)
    return task !== undefined && cancelTask(task, reason)
  }

  /** The `name` of its options. */
  get name(): string {
    return this.manager.name
  }

  /** How many tasks may run at a time. Raising it starts more at once; lowering it cancels nothing. */
  get workers(): number {
    return this.manager.maxTasks
  }

  set workers(value: number) {
    this.manager.maxTasks = capacity('workers', value)
  }

  /** The counts of this moment, and the times since the start. */
  stats(): RunnerStats {
    const { counts, queueSize } = this.#scheduler
    const submitted = Object.values(counts).reduce((sum, count) => sum + count, 0)
    return { ...this.manager.stats(), queueSize, submitted, ...this.#statistics.stats() }
  }

  /** Resolves when nothing is pending and nothing runs: see {@link TaskManager.drain}. */
  drain(options?: WaitOptions): Promise<void> {
    return this.manager.drain(options)
  }

  /** Starts no more tasks until `resume`; those that run go on, and `submit` takes more. */
  pause(): void {
    this.manager.pause()
  }

  /** Ends a `pause`. */
  resume(): void {
    this.manager.resume()
  }

  /** Resolves when the store has everything that has happened so far; rejects with `StoreError` when it can't. */
  async flush(): Promise<void> {
    await this.#storeWriter?.flush()
  }

  /**
   * Closes like {@link TaskManager.close}, writes what is left to the store and closes that too. Never rejects; what the
   * store could not take goes to the logger and into the report. A store that answers is waited for; one that does not,
   * until the timeout and `cleanupTimeout` have passed, or `cleanupTimeout` where it was asked only at the end.
   */
  close(options?: RunnerCloseOptions): Promise<CloseReport> {
    const { pending = 'run', ...others } = knownOptions('options', options, CLOSE_OPTIONS) ?? {}
    oneOf('pending', ['run', 'cancel', 'keep'], pending)
    if (pending === 'keep' && this.#storeWriter === undefined) {
      throw new RangeError(`pending can be 'keep' only with a store, which this runner has not`)
    }
    const report = this.manager.close({ ...others, pending: pending === 'keep' ? 'cancel' : pending })
    if (pending === 'keep') this.#storeWriter?.keepUnfinished()
    const recordOf = (id: number) => this.getRecord(id)
    return this.#afterwards(report).then(counts =>
      runnerReport(counts, this.#observer.unwritten, this.#storeWriter?.kept, recordOf),
    )
  }

  /** Closes at once: `close({ timeout: 0, pending: 'cancel' })`, unless options say otherwise. */
  shutdown(options?: RunnerCloseOptions): Promise<CloseReport> {
    const { timeout = 0, pending = 'cancel' } = knownOptions('options', options, CLOSE_OPTIONS) ?? {}
    return this.close({ timeout, pending })
  }

  /** Closes like `close()`. Rejects with `TaskGroupError` if `failFast` stopped the runner and no `drain` has said so. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#afterwards(this.manager[Symbol.asyncDispose]())
  }

  /** @internal */
  [INSPECT](...inspection: Inspection): string {
    const { maxTasks: workers, ...stats } = this.manager.stats()
    return inspected('TaskRunner', { name: this.#scheduler.settings.name, workers, ...stats }, ...inspection)
  }

  /** A task that closes its own runner can't wait for its own end, and the store is written only after that. */
  async #afterwards<T>(closed: Promise<T>): Promise<T> {
    const inside = callerWithin(this.#scheduler)
    if (inside === undefined || (await inside) === undefined) return closed.finally(() => this.#observer.finished)
    return closed
  }

  /** Calls `listener` after each such event: see {@link TaskManager.on}. */
  on<T extends keyof ManagerEvents>(event: T, listener: (event: ManagerEvents[T]) => void): () => void {
    return this.manager.on(event, listener)
  }

  /**
   * All events from now on, for a `for await` loop, which ends when the runner is closed. They wait in a buffer while the
   * loop is busy; when that is full the oldest are dropped, and counted in `dropped`.
   */
  events(options?: EventsOptions): TaskEvents {
    const { buffer = 1_000 } = knownOptions('options', options, { buffer: true }) ?? {}
    const stream = new EventStream(capacity('buffer', buffer), take => this.#scheduler.events.follow(take))
    if (this.#observer.ended) stream.return()
    return stream
  }
}
