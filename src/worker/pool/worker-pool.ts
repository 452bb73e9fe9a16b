import { now } from '../../base/clock.ts'
import { ManagerClosedError, TaskCancelledError } from '../../base/errors.ts'
import { Fifo } from '../../collections/fifo.ts'
import type { Queued } from '../../collections/queued.ts'
import { callable } from '../functions/outside-error.ts'
import type { Host, HostCall, HostCallOptions, HostExit } from '../messages/host.ts'
import { CrashLimit } from './crash-limit.ts'
import { balancer, type PickWorker } from './load-balancing.ts'
import { type PoolOptions, type PoolSettings, poolSettings } from './pool-options.ts'
import { PoolWorker } from './pool-worker.ts'
import { IdleWorkers, Recycling } from './recycling.ts'

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

/** One worker of a pool at one moment. */
export interface WorkerState {
  readonly number: number
  /** The thread's id or the process's. */
  readonly id: number
  readonly state: 'starting' | 'busy' | 'idle' | 'ending'
  readonly active: number
  readonly dispatched: number
  /** Asks how many bytes it holds; rejects when it is gone. */
  readonly memory: () => Promise<number>
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
  readonly #idle: IdleWorkers
  readonly #recycling: Recycling
  #workers: readonly PoolWorker[] = []
  #started = 0
  #dispatched = 0
  #stopped = false

  /** `startHost` starts one worker, a thread or a process, and is told its number. */
  constructor(startHost: StartHost, options?: PoolOptions) {
    this.#startHost = startHost
    this.#settings = poolSettings(options)
    this.#pick = balancer(this.#settings.loadBalancing)
    this.#crashes = new CrashLimit(this.#settings.maxCrashes)
    const end = (worker: PoolWorker) => void worker.host.stop()
    this.#idle = new IdleWorkers(this.#settings.idleTimeout, () => this.#surplus(), end)
    this.#recycling = new Recycling(this.#settings.recycleAfter, end)
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
    return new Promise((resolve, reject) => {
      this.#line.push(new WaitingCall(call, options, { resolve, reject }, waiting => this.#line.remove(waiting)))
      this.#pump()
    })
  }

  stats(): PoolStats {
    return Object.freeze({
      workers: this.#workers.length,
      active: this.#workers.reduce((sum, worker) => sum + worker.active, 0),
      dispatched: this.#dispatched,
      crashed: this.#crashes.crashed,
      recycled: this.#recycling.recycled,
    })
  }

  /** The workers there are, one by one. */
  workers(): readonly WorkerState[] {
    return this.#workers.map(({ number, host, active, dispatched, starting, idle }) => {
      const state = host.closed ? 'ending' : starting ? 'starting' : idle ? 'idle' : 'busy'
      return { number, id: host.id, state, active, dispatched, memory: () => host.memory() }
    })
  }

  /** Ends all workers, their calls included, and rejects what waits. Resolves when they are gone. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#idle.stop()
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
      this.#leave(waiting)
      waiting.resolve(this.#dispatch(worker, waiting.call, waiting.options))
    }
    if (!this.#settings.onDemand) this.#grow()
  }

  #dispatch(worker: PoolWorker, call: HostCall, options: HostCallOptions): Promise<unknown> {
    worker.active += 1
    worker.dispatched += 1
    this.#dispatched += 1
    this.#recycling.dispatched(worker)
    options.onDispatch?.()
    const outcome = worker.host.call(call, options)
    const ended = () => this.#callEnded(worker)
    outcome.then(ended, ended)
    return outcome
  }

  #callEnded(worker: PoolWorker): void {
    worker.active -= 1
    this.#recycling.ended(worker)
    this.#pump()
    if (worker.idle) this.#becameIdle(worker)
  }

  #becameIdle(worker: PoolWorker): void {
    worker.idleSince = now()
    this.#idle.watch()
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
      const first = this.#line.peek()
      if (first !== undefined) {
        this.#leave(first)
        first.reject(error)
      }
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
    if (worker.idle) this.#idle.watch()
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
      this.#leave(waiting)
      waiting.reject(error(waiting))
    }
  }

  #leave(waiting: WaitingCall): void {
    this.#line.remove(waiting)
    waiting.over()
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
  readonly resolve: (outcome: unknown) => void
  readonly reject: (error: unknown) => void
  readonly #leave: (waiting: WaitingCall) => void

  constructor(
    call: HostCall,
    options: HostCallOptions,
    { resolve, reject }: Pick<WaitingCall, 'resolve' | 'reject'>,
    leave: (waiting: WaitingCall) => void,
  ) {
    this.call = call
    this.options = options
    this.resolve = resolve
    this.reject = reject
    this.#leave = leave
    options.signal.addEventListener('abort', this)
  }

  handleEvent(): void {
    this.#leave(this)
    this.reject(this.options.signal.reason)
  }

  /** It waits no longer. */
  over(): void {
    this.options.signal.removeEventListener('abort', this)
  }
}
