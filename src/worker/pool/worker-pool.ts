import { now, startBackgroundTimer, type Timer } from '../../base/clock.ts'
import { ManagerClosedError, TaskCancelledError } from '../../base/errors.ts'
import type { Queued } from '../../collections/queued.ts'
import { Fifo } from '../../collections/queues.ts'
import { callable } from '../functions/outside-error.ts'
import type { Host, HostCall, HostCallOptions, HostExit } from '../messages/host.ts'
import { CrashLimit } from './crash-limit.ts'
import { type PoolOptions, type PoolSettings, poolSettings } from './pool-options.ts'
import { BALANCERS, type PickWorker, PoolWorker, type WorkerState } from './pool-worker.ts'

const MEGABYTE = 1024 * 1024

type StartHost = (options: { readonly number: number }) => Host

/** What a pool has and has had. */
export interface PoolStats {
  /** The workers there are, those that start or go included. */
  readonly workers: number
  /** The calls they have. */
  readonly active: number
  /** The calls that have been given to a worker. */
  readonly dispatched: number
  /** The workers that ended without being told to, or did not start. */
  readonly crashed: number
  /** The workers that were replaced because of `recycleAfter`. */
  readonly recycled: number
}

/**
 * Workers that share the calls made of it: first come, first served, and no call waits while a worker that may take it
 * is free.
 *
 * Workers are started when calls wait, up to `maxWorkers`, and let go when they have been idle. One that was ended for a
 * call that did not stop, or that crashed, is replaced when it is needed; too many crashes within a minute fail the pool:
 * whatever waits and whatever comes is rejected with the reason. Idle workers do not keep this process alive.
 */
export class WorkerPool implements AsyncDisposable {
  readonly #startHost: StartHost
  readonly #settings: PoolSettings
  readonly #pick: PickWorker
  readonly #line = new Fifo<WaitingCall>()
  readonly #crashes: CrashLimit
  #workers: readonly PoolWorker[] = []
  #started = 0
  #dispatched = 0
  #recycled = 0
  #idleTimer: Timer | undefined
  #stopped = false

  /** `startHost` starts one worker, a thread or a process, and is told its number. */
  constructor(startHost: StartHost, options?: PoolOptions) {
    this.#startHost = startHost
    this.#settings = poolSettings(options)
    this.#pick = BALANCERS[this.#settings.loadBalancing]()
    this.#crashes = new CrashLimit(this.#settings.maxCrashes)
    this.#grow()
  }

  /**
   * Runs one call as soon as a worker is free; settles as {@link Host.call} does. Aborted while it waits, it rejects at
   * once with the signal's reason, and no worker hears of it.
   */
  call(call: HostCall, options: HostCallOptions): Promise<unknown> {
    const refusal = this.#refusal(options)
    if (refusal !== undefined) return Promise.reject(refusal.error)
    const worker = this.#line.size === 0 ? this.#pick(this.#workers) : undefined
    if (worker !== undefined) return this.#dispatch(worker, call, options)
    const waiting = new WaitingCall(call, options, this.#line)
    this.#line.push(waiting)
    this.#pump()
    return waiting.outcome.promise
  }

  stats(): PoolStats {
    return Object.freeze({
      workers: this.#workers.length,
      active: this.#workers.reduce((sum, worker) => sum + worker.active, 0),
      dispatched: this.#dispatched,
      crashed: this.#crashes.crashed,
      recycled: this.#recycled,
    })
  }

  /** The workers there are, one by one. */
  workers(): readonly WorkerState[] {
    return this.#workers.map(worker => worker.state())
  }

  /** Ends all workers, their calls included, and rejects what waits. Resolves when they are gone. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#idleTimer?.cancel()
    this.#rejectAll(
      ({ call }) => new TaskCancelledError(`${callable(call.task.name)} never began: its workers were stopped`),
    )
    await Promise.all(this.#workers.map(worker => worker.host.stop()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #refusal({ signal }: HostCallOptions): { readonly error: unknown } | undefined {
    if (signal.aborted) return { error: signal.reason }
    if (this.#stopped) return { error: new ManagerClosedError('the workers have been stopped, and take no more calls') }
    return this.#crashes.failure && { error: this.#crashes.failure }
  }

  /** Gives those that wait to those that are free, and starts more when that is not enough. */
  #pump(): void {
    while (this.#line.size > 0) {
      const worker = this.#settings.onDemand ? this.#startForOne() : this.#pick(this.#workers)
      if (worker === undefined) break
      const waiting = this.#line.peek() as WaitingCall
      waiting.leave()
      waiting.outcome.resolve(this.#dispatch(worker, waiting.call, waiting.options))
    }
    if (!this.#settings.onDemand) this.#grow()
  }

  #dispatch(worker: PoolWorker, call: HostCall, options: HostCallOptions): Promise<unknown> {
    worker.active += 1
    worker.dispatched += 1
    this.#dispatched += 1
    if (worker.dispatched >= this.#settings.recycleAfter.calls) this.#retire(worker)
    options.onDispatch?.()
    const outcome = worker.host.call(call, options)
    const ended = () => this.#callEnded(worker)
    outcome.then(ended, ended)
    return outcome
  }

  #callEnded(worker: PoolWorker): void {
    worker.active -= 1
    if (worker.retiring) this.#endIfDone(worker)
    else if (this.#settings.recycleAfter.megabytes < Number.POSITIVE_INFINITY) void this.#measure(worker)
    this.#pump()
    if (!worker.idle) return
    worker.idleSince = now()
    this.#watchIdle()
  }

  /** It has worn out. One on demand has retired from the start, and is not worn out by its only call. */
  #retire(worker: PoolWorker): void {
    if (worker.retiring) return
    worker.retiring = true
    this.#recycled += 1
  }

  #endIfDone(worker: PoolWorker): void {
    if (worker.active === 0) void worker.host.stop()
  }

  async #measure(worker: PoolWorker): Promise<void> {
    if (worker.measuring || worker.host.closed) return
    worker.measuring = true
    // One that is gone meanwhile holds nothing.
    const bytes = await worker.host.memory().catch(() => 0)
    worker.measuring = false
    if (bytes < this.#settings.recycleAfter.megabytes * MEGABYTE || worker.host.closed) return
    this.#retire(worker)
    this.#endIfDone(worker)
  }

  /** Those that have had nothing to do for long are let go, with one timer for all and none for a single call. */
  #watchIdle(after = this.#settings.idleTimeout): void {
    this.#idleTimer ??= startBackgroundTimer(after, () => this.#letIdleGo())
  }

  #letIdleGo(): void {
    this.#idleTimer = undefined
    const at = now()
    let next = Number.POSITIVE_INFINITY
    for (const worker of this.#surplus()) {
      const remaining = worker.idleSince + this.#settings.idleTimeout - at
      if (remaining <= 0) void worker.host.stop()
      else next = Math.min(next, remaining)
    }
    if (next < Number.POSITIVE_INFINITY) this.#watchIdle(next)
  }

  /** Keeps `minWorkers`, and beyond them as many more as there are calls that no worker that starts will take. */
  #grow(): void {
    const { minWorkers, maxWorkers, concurrencyPerWorker } = this.#settings
    if (this.#workers.length >= maxWorkers || this.#stopped || this.#crashes.failure !== undefined) return
    let starting = this.#workers.filter(worker => worker.starting).length
    while (this.#workers.length < maxWorkers) {
      const kept = this.#workers.length < minWorkers
      if (!kept && this.#line.size <= starting * concurrencyPerWorker) return
      if (this.#start() !== undefined) starting += 1
      else if (this.#line.size === 0) return
    }
  }

  #startForOne(): PoolWorker | undefined {
    if (this.#line.size === 0 || this.#workers.length >= this.#settings.maxWorkers) return undefined
    const worker = this.#start()
    if (worker === undefined) return this.#startForOne()
    worker.retiring = true
    return worker
  }

  /** A worker that can't even be started (no processes left, wrong flags) fails the call that needed it. */
  #start(): PoolWorker | undefined {
    let host: Host
    try {
      host = this.#startHost({ number: this.#started + 1 })
    } catch (error) {
      this.#line.peek()?.refuse(error)
      return undefined
    }
    const worker = new PoolWorker(host, ++this.#started, this.#settings.concurrencyPerWorker)
    this.#workers = [...this.#workers, worker]
    host.ready.then(
      () => this.#becameReady(worker),
      () => {},
    )
    void host.exited.then(exit => this.#gone(worker, exit))
    return worker
  }

  #becameReady(worker: PoolWorker): void {
    worker.becomeReady(now())
    this.#pump()
    if (worker.idle) this.#watchIdle()
  }

  #gone(worker: PoolWorker, exit: HostExit): void {
    this.#workers = this.#workers.filter(other => other !== worker)
    if (!exit.requested) this.#crashes.add(exit)
    const { failure } = this.#crashes
    if (failure !== undefined) this.#rejectAll(() => failure)
    this.#pump()
  }

  #rejectAll(error: (waiting: WaitingCall) => Error): void {
    for (let waiting = this.#line.peek(); waiting !== undefined; waiting = this.#line.peek()) {
      waiting.refuse(error(waiting))
    }
  }

  /** Those beyond `minWorkers` that have nothing to do, longest idle first. */
  #surplus(): readonly PoolWorker[] {
    const idle = this.#workers.filter(worker => worker.idle).sort((a, b) => a.idleSince - b.idleSince)
    const living = this.#workers.filter(worker => !worker.host.closed && !worker.retiring).length
    return idle.slice(0, Math.max(0, living - this.#settings.minWorkers))
  }
}

/** A call that waits for a worker. Aborted meanwhile, it leaves the line at once. */
class WaitingCall implements Queued {
  readonly priority = 0
  sequence = 0
  position = -1
  readonly call: HostCall
  readonly options: HostCallOptions
  readonly outcome = Promise.withResolvers<unknown>()
  readonly #line: Fifo<WaitingCall>

  constructor(call: HostCall, options: HostCallOptions, line: Fifo<WaitingCall>) {
    this.call = call
    this.options = options
    this.#line = line
    options.signal.addEventListener('abort', this)
  }

  handleEvent(): void {
    this.refuse(this.options.signal.reason)
  }

  refuse(error: unknown): void {
    this.leave()
    this.outcome.reject(error)
  }

  /** It waits no longer. */
  leave(): void {
    this.#line.remove(this)
    this.options.signal.removeEventListener('abort', this)
  }
}
