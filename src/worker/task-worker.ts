import { INSPECT, type Inspection, inspected } from '../base/inspect.ts'
import { callback, type Known, knownOptions, present, refuseNew, STARTING, show } from '../base/options.ts'
import type { WaitOptions } from '../base/wait-timeout.ts'
import { mapTasks } from '../manager/map.ts'
import type { MapResults, MapSettled } from '../manager/map-options.ts'
import type { MapHost } from '../manager/map-run.ts'
import { counted, type MapProgress, reportedResults } from '../manager/reported-results.ts'
import { managerOn, type TaskManager } from '../manager/task-manager.ts'
import { checkProgress, runReporter } from '../progress/run-reporter.ts'
import { managerSettings } from '../scheduler/manager-settings.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import { Supervisor } from '../scheduler/supervisor.ts'
import type { CloseOptions, CloseReport, ManagerEvents } from '../scheduler/types.ts'
import type { TaskStream } from '../streams/types.ts'
import { Acceptance } from '../task/acceptance.ts'
import type { SpawnSettings } from '../task/spawn-settings.ts'
import type { Task } from '../task/task.ts'
import type { Outcome, TaskHandle } from '../task/types.ts'
import { CallSettings, pendingArguments, refuseKeyOfMap } from './call.ts'
import { Callable } from './callable.ts'
import type { Engine, PreparedCall, WorkerParts } from './engine/engine.ts'
import { type AnyFunction, givesStream } from './functions/registry.ts'
import { makeEngine } from './make-engine.ts'
import { mapCall } from './map-call.ts'
import { checkStream, streamOf } from './stream-call.ts'
import type {
  Called,
  CollectOptions,
  Input,
  Inputs,
  OrHandles,
  SettleOptions,
  TaskCall,
  WorkerMapOptions,
  WorkerOptions,
  WorkerStats,
} from './types.ts'
import { WORKER_OPTIONS, type WorkerSettings, workerSettings } from './worker-settings.ts'

/** How a {@link TaskWorker} is started. */
export interface TaskWorkerOptions<A extends readonly unknown[] = readonly unknown[], R = unknown>
  extends WorkerOptions<A, R> {
  /** The function that is run when a call brings none of its own. */
  readonly fn?: AnyFunction
}

const TASK_WORKER_OPTIONS: Known<TaskWorkerOptions> = { ...WORKER_OPTIONS, fn: true }

/**
 * Runs functions in one mode: on this event loop, in threads or in processes, with the same calls and the same handles.
 *
 * ```ts
 * const worker = await TaskWorker.start({ mode: 'thread', maxWorkers: 2 })
 * console.log(await worker.submit((x: number) => x * x, 5))
 * await worker.stop()
 * ```
 */
export class TaskWorker<A extends readonly unknown[] = readonly unknown[], R = unknown>
  extends Callable
  implements AsyncDisposable
{
  /** The `name` of its options. @default 'worker' */
  declare readonly name: string
  readonly #settings: WorkerSettings
  readonly #manager: TaskManager
  readonly #supervisor: Supervisor
  readonly #scheduler: Scheduler
  readonly #engine: Engine
  readonly #bound: AnyFunction | undefined
  readonly #calls: CallSettings

  private constructor(key: typeof STARTING, options: TaskWorkerOptions) {
    super()
    refuseNew('TaskWorker', key)
    const { fn, ...explicit } = options
    this.#bound = fn === undefined ? undefined : callback('fn', fn)
    this.#settings = workerSettings(explicit)
    this.#calls = new CallSettings(explicit)
    this.#supervisor = new Supervisor(managerSettings(this.#settings.manager))
    this.#scheduler = this.#supervisor.scheduler
    this.#manager = managerOn(this.#supervisor)
    this.#engine = makeEngine(this.#settings, this.#scheduler)
    // A function has a name of its own already.
    Object.defineProperty(this, 'name', { value: this.#manager.name, configurable: true })
  }

  /**
   * Starts a worker; calling it submits. Rejects with `TypeError` or `RangeError` for a wrong option.
   *
   * ```ts
   * const double = await TaskWorker.start({ fn: (x: number) => 2 * x })
   * console.log(await double(5))
   * ```
   */
  static async start<A extends readonly unknown[] = readonly unknown[], R = unknown>(
    options?: Omit<TaskWorkerOptions<NoInfer<A>, NoInfer<Outcome<R>>>, 'fn'> & { readonly fn?: (...args: A) => R },
  ): Promise<TaskWorker<A, R> & TaskCall<A, R>> {
    return TaskWorker.make(options as TaskWorkerOptions) as TaskWorker<A, R> & TaskCall<A, R>
  }

  /** @internal Refuses what `start` would refuse. */
  static check({ fn, ...explicit }: TaskWorkerOptions): void {
    if (fn !== undefined) callback('fn', fn)
    workerSettings(explicit)
    const { options } = new CallSettings(explicit)
    if (fn !== undefined && givesStream(fn)) checkStream(options)
  }

  /** @internal */
  static make(options?: TaskWorkerOptions): TaskWorker {
    return new TaskWorker(STARTING, knownOptions('options', options, TASK_WORKER_OPTIONS) ?? {})
  }

  /** @internal For those who look into it. */
  static partsOf(worker: TaskWorker): WorkerParts {
    const { mode } = worker.#settings
    const name = worker.#bound && worker.#nameOf(worker.#bound)
    return { manager: worker.#manager, engine: worker.#engine, mode, name: name || undefined }
  }

  /**
   * Runs a function: the first argument if that is one, with the others; else the bound one, with all of them. Handles
   * among the arguments are awaited first, and if one fails so does this call.
   *
   * Throws, and keeps nothing: `TypeError` without a function, or for one that can't be run in this mode;
   * `QueueFullError` past `maxPending`; `ManagerClosedError` once it was closed.
   */
  submit<B extends readonly unknown[], S>(fn: (...args: B) => S, ...args: OrHandles<B>): Called<S>
  submit(...args: OrHandles<A>): Called<R>
  submit(...args: readonly unknown[]): unknown {
    const [first, ...others] = args
    return typeof first === 'function' ? this.run(first as AnyFunction, others) : this.run(this.#boundFunction(), args)
  }

  /** Runs the bound function with these arguments, whatever they are. */
  call(...args: OrHandles<A>): Called<R> {
    return this.run(this.#boundFunction(), args) as Called<R>
  }

  /** @internal One call, of a function that may have a `this`. */
  run(
    fn: AnyFunction,
    args: readonly unknown[],
    self?: unknown,
    calls = this.#calls,
  ): TaskHandle<unknown> | TaskStream<unknown> {
    this.#scheduler.refuseIfClosed()
    const { options } = calls
    const settings = calls.of(this.#nameOf(fn), args, this.#engine.carry, options)
    const isStream = givesStream(fn)
    if (settings.key === undefined || isStream) this.#scheduler.refuseIfFull(settings)
    const call = this.#engine.prepare(fn, this.#givenName(fn), options)
    const called = isStream
      ? streamOf(this.#scheduler, call, options, settings, (each, own) => this.#spawn(each, args, own, self))
      : settings.key !== undefined
        ? this.#scheduler.spawnKeyed(settings, own => this.#spawn(call, args, own, self))
        : this.#spawn(call, args, settings, self).handle
    if (this.#engine.immediate) this.#scheduler.startNow()
    return called
  }

  /** A call whose arguments are still to come has no slot, and no place in the line for one. */
  #spawn(call: PreparedCall, given: readonly unknown[], settings: SpawnSettings, self?: unknown): Task {
    const pending = this.#settings.unwrap ? pendingArguments(given) : undefined
    if (pending === undefined) {
      return this.#scheduler.spawn(context => call(given, context, self), settings)
    }
    const acceptance = new Acceptance()
    let args: readonly unknown[] = []
    const task = this.#scheduler.spawn(context => call(args, context, self), settings, { acceptance })
    pending.then(
      values => {
        args = values
        if (!task.ended) acceptance.open(task)
      },
      error => task.refuse(error),
    )
    return task
  }

  /**
   * Runs a function on every item of an input, or on those of several inputs side by side, up to the end of the shortest:
   * `map(fn?, ...inputs, options?)`. See {@link TaskManager.map} for how; `progress` shows how far it is.
   */
  map<I, S>(
    fn: (item: I) => S,
    items: Input<I>,
    options: CollectOptions<NoInfer<[I]>, NoInfer<Outcome<S>>>,
  ): MapResults<Outcome<S> | Error>
  map<I, S>(
    fn: (item: I) => S,
    items: Input<I>,
    options: SettleOptions<NoInfer<[I]>, NoInfer<Outcome<S>>>,
  ): MapResults<MapSettled<Outcome<S>>>
  map<I, S>(
    fn: (item: I) => S,
    items: Input<I>,
    options?: WorkerMapOptions<NoInfer<[I]>, NoInfer<Outcome<S>>>,
  ): MapResults<Outcome<S>>
  map<B extends readonly unknown[], S>(
    fn: (...args: B) => S,
    ...inputs: [...Inputs<B>, options: CollectOptions<NoInfer<B>, NoInfer<Outcome<S>>>]
  ): MapResults<Outcome<S> | Error>
  map<B extends readonly unknown[], S>(
    fn: (...args: B) => S,
    ...inputs: [...Inputs<B>, options: SettleOptions<NoInfer<B>, NoInfer<Outcome<S>>>]
  ): MapResults<MapSettled<Outcome<S>>>
  map<B extends readonly unknown[], S>(
    fn: (...args: B) => S,
    ...inputs: [...Inputs<B>, options?: WorkerMapOptions<NoInfer<B>, NoInfer<Outcome<S>>>]
  ): MapResults<Outcome<S>>
  map(...inputs: [...Inputs<A>, options: CollectOptions<A, Outcome<R>>]): MapResults<Outcome<R> | Error>
  map(...inputs: [...Inputs<A>, options: SettleOptions<A, Outcome<R>>]): MapResults<MapSettled<Outcome<R>>>
  map(...inputs: [...Inputs<A>, options?: WorkerMapOptions<A, Outcome<R>>]): MapResults<Outcome<R>>
  map(...given: readonly unknown[]): MapResults<unknown> {
    return this.mapWith(this.#settings.explicit, given)
  }

  /** @internal A map whose calls have these options where its own say nothing. */
  mapWith(explicit: WorkerOptions, given: readonly unknown[]): MapResults<unknown> {
    this.#scheduler.refuseIfClosed()
    const { fn = this.#boundFunction(), items, total, options } = mapCall(given)
    if (givesStream(fn))
      throw new TypeError(`map takes functions with one result, and ${show(fn)} gives a stream: call it`)
    const { progress: shown = this.#settings.progress, buffer, ordered, onError, ...callOptions } = options
    const name = this.#nameOf(fn)
    const calls = new CallSettings({ ...explicit, ...present(callOptions), mode: this.#settings.mode })
    refuseKeyOfMap(calls.options)
    const call = this.#engine.prepare(fn, this.#givenName(fn), calls.options)
    checkProgress(shown)
    const reporter = runReporter(shown, error =>
      this.#scheduler.report.log(error, 'the progress of a map could not be shown'),
    )
    const done: MapProgress = { completed: 0, failed: 0 }
    const host: MapHost<readonly unknown[]> = {
      scheduler: this.#scheduler,
      spawn: (args, _, onEnd) => this.#spawn(call, args, { ...calls.of(name, args), onEnd }),
      ended: task => reporter?.update(counted(done, task, total)),
    }
    const results = mapTasks(host, items, present({ buffer, ordered, onError, signal: callOptions.signal }))
    if (reporter === undefined) return results
    return reportedResults(results, reporter, done, { ...(total !== undefined && { total }), label: name })
  }

  /** The counts of this moment. */
  stats(): WorkerStats {
    return { ...this.#manager.stats(), ...this.#engine.stats() }
  }

  /** Resolves when no call is pending or running: see {@link TaskManager.drain}. */
  drain(options?: WaitOptions): Promise<void> {
    return this.#manager.drain(options)
  }

  /** Calls `listener` after each such event of a call, its progress included: see {@link TaskManager.on}. */
  on<T extends keyof ManagerEvents>(event: T, listener: (event: ManagerEvents[T]) => void): () => void {
    return this.#manager.on(event, listener)
  }

  /** Closes like {@link TaskManager.close}, then ends the workers. */
  close(options?: CloseOptions): Promise<CloseReport> {
    return this.#manager.close(options).finally(() => this.#engine.stop())
  }

  /** Closes at once for what is pending: `close({ pending: 'cancel' })`. */
  stop(): Promise<CloseReport> {
    return this.close({ pending: 'cancel' })
  }

  /** Closes like `close()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #boundFunction(): AnyFunction {
    if (this.#bound !== undefined) return this.#bound
    throw new TypeError('this worker has no function: pass one as the first argument, or as `fn` when it is started')
  }

  /** @internal */
  [INSPECT](...inspection: Inspection): string {
    const { mode } = this.#settings
    const bound = this.#bound && { fn: this.#nameOf(this.#bound) }
    return inspected('TaskWorker', { mode, ...bound, ...this.stats() }, ...inspection)
  }

  /** The name in the options is that of the bound function: one that is run in its place has its own. */
  #givenName(fn: AnyFunction): string | undefined {
    return fn === this.#bound ? this.#settings.name : undefined
  }

  #nameOf(fn: AnyFunction): string {
    return this.#givenName(fn) ?? fn.name
  }
}
