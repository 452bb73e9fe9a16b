import { startTimer } from '../../base/clock.ts'
import { QueueFullError, WorkerCrashedError } from '../../base/errors.ts'
import type { TaskManager } from '../../manager/task-manager.ts'
import type { TaskContext, TaskHandle } from '../../task/types.ts'
import { refuseRequest } from '../../worker/engine/limits-server.ts'
import type { HostCall } from '../../worker/messages/host.ts'
import { WorkerPool } from '../../worker/pool/worker-pool.ts'
import { startGround } from '../shared/start.ts'
import { AbortError, CancelError, Following, terminated } from './aborting.ts'
import { InWorkers } from './inside.ts'
import { sent } from './movable.ts'
import { filledOptions, pathOf } from './options.ts'
import type { FilledOptions, Options, RunOptions, Runtime, TinypoolChannel, TinypoolWorker } from './types.ts'
import { callOf, type RunCallOptions, WorkerOfPool } from './worker-of-pool.ts'

const MEGABYTE = 2 ** 20
/** So many workers may crash within a minute: one that can't even start would be started for ever. */
const MAX_CRASHES = 100
/** Milliseconds for the end of a worker. */
const END_OF_WORKER = 10_000
const CANCELLED = new Error('cancelPendingTasks')

/** What has not settled. */
class Run {
  /** A worker has it. */
  dispatched = false
  readonly handle: TaskHandle<unknown>

  constructor(spawn: (run: Run) => TaskHandle<unknown>) {
    this.handle = spawn(this)
  }
}

/**
 * The face of tinypool 2: `import Tinypool from 'taskscope/compat/tinypool'`, in workers as well. On Node.
 *
 * Better: a promise that was aborted rejects once its worker has ended; a task whose worker ends under it, `process.exit` in a
 * thread included, rejects with a `WorkerCrashedError` that says how, or with what nothing had caught; errors keep their class,
 * their code and their causes, also those of processes; `destroy` leaves no promise open, and what waits is never lost with a
 * worker; messages to processes are structured clones.
 *
 * Different: `taskQueue`, `serialization: 'json'` and `trackUnmanagedFds: false` throw; a `signal` needs
 * `concurrentTasksPerWorker: 1`; `maxMemoryLimitBeforeRecycle` counts all memory of a process; `recycleWorkers` starts no
 * task until the new workers are there; the event `error` without a listener is written to stderr; more than 100 crashes within a
 * minute fail the pool; what is in `threads` has an id and a runtime, and nothing to call; instances of classes are
 * refused as tasks and results, where they would arrive without their methods.
 *
 * Throws `RangeError` and `TypeError` for wrong options.
 *
 * ```ts
 * const pool = new Tinypool({ filename: new URL('./worker.mjs', import.meta.url) })
 * console.log(await pool.run({ a: 4, b: 6 }))
 * await pool.destroy()
 * ```
 */
export class Tinypool extends InWorkers {
  #options: FilledOptions
  #pool: WorkerPool
  readonly #manager: TaskManager
  readonly #running = new Set<Run>()
  readonly #workerIds = new Set<number>()
  readonly #started = performance.now()
  /** How many of them no worker has. */
  #waiting = 0
  #completed = 0
  #destroyed = false
  /** One after another: each has a pool of its own to end. */
  #recycled: Promise<void> = Promise.resolve()

  constructor(options: Options = {}) {
    const filled = filledOptions(options)
    super({ name: 'Tinypool' })
    this.#options = filled
    const { maxThreads, concurrentTasksPerWorker, maxQueue } = filled
    this.#manager = startGround({
      name: 'Tinypool',
      maxTasks: maxThreads * concurrentTasksPerWorker,
      maxPending: maxQueue,
      closeTimeout: 0,
      cleanupTimeout: END_OF_WORKER,
      logger: false,
    }).manager
    this.#pool = this.#makePool()
  }

  /**
   * Runs a task. Rejects with what the function threw; with an `AbortError` when its signal is aborted, once its worker has
   * ended; with a `CancelError` after `cancelPendingTasks`; with an `Error` when the queue is full, when there is no
   * `filename`, or no such function in it.
   */
  async run(task?: unknown, options: RunOptions = {}): Promise<unknown> {
    const { filename, name, signal, transferList = [], channel } = options
    const path = filename == null ? this.#options.filename : pathOf(filename)
    if (path === null) throw new Error('filename must be provided to run() or in options object')
    this.#refuse(options)
    const follow = signal == null ? undefined : new Following(signal)
    if (follow?.signal.aborted) throw new AbortError()
    const call = callOf(path, name ?? this.#options.name, sent(task), transferList)
    this.#waiting += 1
    const run = this.#start(call, channel, follow?.signal)
    this.#running.add(run)
    return new Promise((resolve, reject) => {
      const settled = () => {
        follow?.end()
        this.#running.delete(run)
        if (!run.dispatched) this.#waiting -= 1
        if (run.dispatched || !follow?.signal.aborted) this.#completed += 1
      }
      const done = (result: unknown) => {
        settled()
        resolve(result)
      }
      const failed = (error: unknown) => {
        settled()
        reject(this.#failureOf(run, error, follow?.signal))
      }
      run.handle.then(done, failed)
    })
  }

  /** Ends all workers, with what they do, and rejects what waits. Resolves when they have ended. */
  async destroy(): Promise<void> {
    this.#destroyed = true
    const closing = this.#manager.close({ timeout: 0, pending: 'cancel' })
    await this.#within(Promise.all([this.#pool.stop(), closing]))
    this.emitDestroy()
  }

  /** The options, with what was left out. */
  get options(): FilledOptions {
    return this.#options
  }

  /** The workers there are. */
  get threads(): TinypoolWorker[] {
    const { runtime } = this.#options
    const there = this.#pool.workers().filter(({ state }) => state !== 'ending')
    return there.map(({ id }) => ({ runtime, threadId: id }))
  }

  /** How many tasks wait for which there is no worker that starts. */
  get queueSize(): number {
    return this.#manager.stats().pending
  }

  /** How many tasks have ended, in whatever way. */
  get completed(): number {
    return this.#completed
  }

  /** Milliseconds since the pool was made. */
  get duration(): number {
    return performance.now() - this.#started
  }

  /** Rejects all tasks that no worker has, with a `CancelError`; the others go on. */
  cancelPendingTasks(): void {
    for (const { handle, dispatched } of [...this.#running]) if (!dispatched) void handle.cancel(CANCELLED)
  }

  /**
   * Waits for the tasks that run, and has fresh workers in place of all; those of another runtime if it says so. What waits
   * goes on then. Nothing happens where each task has a fresh worker anyway.
   */
  async recycleWorkers({ runtime }: { readonly runtime?: Runtime } = {}): Promise<void> {
    const recycled = this.#recycled.then(() => this.#recycle(runtime))
    this.#recycled = recycled.catch(() => {})
    await recycled
  }

  async #recycle(runtime = this.#options.runtime): Promise<void> {
    if (this.#destroyed) return
    if (runtime !== this.#options.runtime) this.#options = filledOptions({ ...this.#options, runtime })
    else if (this.#options.isolateWorkers) return
    this.#manager.pause()
    try {
      const begun = [...this.#running].filter(({ handle }) => handle.status !== 'pending')
      await Promise.all(begun.map(({ handle }) => ended(handle)))
      await this.#within(this.#pool.stop())
    } finally {
      if (!this.#destroyed) this.#pool = this.#makePool()
      this.#manager.resume()
    }
  }

  #refuse({ runtime, channel, signal }: RunOptions): void {
    const { runtime: ours, concurrentTasksPerWorker } = this.#options
    if (runtime !== undefined && runtime !== ours) {
      throw new TypeError(
        `the workers of this pool are of the runtime '${ours}': recycleWorkers({ runtime }) changes it`,
      )
    }
    if (signal != null && concurrentTasksPerWorker > 1) {
      throw new TypeError(
        'a signal needs concurrentTasksPerWorker: 1: to end a task is to end its worker, with all others',
      )
    }
    if (ours === 'child_process') return
    for (const [member, remedy] of [
      ['onMessage', 'listening to'],
      ['postMessage', 'sending to'],
    ] as const) {
      if (channel?.[member] === undefined) continue
      throw new Error(
        `{ runtime: 'worker_threads' } doesn't support channel.${member}. Use transferListItem for ${remedy} messages instead.`,
      )
    }
  }

  #start(call: HostCall, channel: TinypoolChannel | undefined, signal: AbortSignal | undefined): Run {
    const options = { startNow: true, ...(signal !== undefined && { signal }) }
    const spawn = (run: Run) =>
      this.#manager.spawn(context => this.#pool.call(call, this.#callOptions(context, run, channel)), options)
    try {
      return new Run(spawn)
    } catch (error) {
      this.#waiting -= 1
      if (this.#destroyed) throw terminated()
      if (!(error instanceof QueueFullError)) throw error
      const nothing = this.#options.maxQueue === 0
      throw new Error(nothing ? 'No task queue available and all Workers are busy' : 'Task queue is at limit')
    }
  }

  #callOptions({ signal }: TaskContext, run: Run, channel: TinypoolChannel | undefined): RunCallOptions {
    const onDispatch = () => {
      run.dispatched = true
      this.#waiting -= 1
      if (this.#waiting === 0) queueMicrotask(() => this.emit('drain'))
    }
    return { signal, cleanupTimeout: 0, onProgress: () => {}, onRequest: refuseRequest, onDispatch, channel }
  }

  #failureOf({ handle }: Run, error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return new AbortError()
    if (handle.record().cancelReason === CANCELLED) return new CancelError()
    if (this.#destroyed) return terminated()
    return error instanceof WorkerCrashedError && error.cause instanceof Error ? error.cause : error
  }

  #makePool(): WorkerPool {
    const { isolateWorkers, maxMemoryLimitBeforeRecycle: most } = this.#options
    const { minThreads, maxThreads, idleTimeout, concurrentTasksPerWorker } = this.#options
    const worn = isolateWorkers
      ? { calls: 1 }
      : most === undefined
        ? {}
        : { megabytes: Math.max(1, Math.ceil(most / MEGABYTE)) }
    return new WorkerPool(() => this.#startWorker(), {
      minWorkers: minThreads,
      maxWorkers: maxThreads,
      idleTimeout,
      concurrencyPerWorker: concurrentTasksPerWorker,
      recycleAfter: worn,
      maxCrashes: MAX_CRASHES,
    })
  }

  #startWorker(): WorkerOfPool {
    let free = 1
    while (this.#workerIds.has(free)) free += 1
    const worker = new WorkerOfPool({ options: this.#options, workerId: free, onError: error => this.#tell(error) })
    this.#workerIds.add(free)
    void worker.exited.then(() => this.#workerIds.delete(free))
    return worker
  }

  #tell(error: unknown): void {
    if (this.listenerCount('error') > 0) this.emit('error', error)
    else console.error('an error in a worker that belongs to no task:', error)
  }

  async #within(ending: Promise<unknown>): Promise<void> {
    const { terminateTimeout } = this.#options
    if (terminateTimeout === undefined) return void (await ending)
    const late = Promise.withResolvers<never>()
    const fail = () => late.reject(new Error('Failed to terminate worker'))
    // No worker ends at once: with 0 it is not left to chance which of the two is heard of first.
    if (terminateTimeout === 0) fail()
    const timer = startTimer(terminateTimeout, fail)
    await Promise.race([ending, late.promise]).finally(() => timer.cancel())
  }
}

const ended = (handle: TaskHandle<unknown>) =>
  new Promise<void>(resolve =>
    handle.then(
      () => resolve(),
      () => resolve(),
    ),
  )
