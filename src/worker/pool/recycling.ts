import { now, startBackgroundTimer, type Timer } from '../../base/clock.ts'
import type { RecycleAfter } from './pool-options.ts'
import type { PoolWorker } from './pool-worker.ts'

const MEGABYTE = 1024 * 1024

/** Retires workers that are worn out, and ends those that have retired once their last call has ended. */
export class Recycling {
  readonly #limits: Required<RecycleAfter>
  readonly #end: (worker: PoolWorker) => void
  #recycled = 0

  constructor(limits: Required<RecycleAfter>, end: (worker: PoolWorker) => void) {
    this.#limits = limits
    this.#end = end
  }

  /** How many workers were worn out so far. */
  get recycled(): number {
    return this.#recycled
  }

  /** A worker was given a call. */
  dispatched(worker: PoolWorker): void {
    if (worker.dispatched >= this.#limits.calls) this.#retire(worker)
  }

  /** A call of a worker has ended. */
  ended(worker: PoolWorker): void {
    if (worker.retiring) this.#endIfDone(worker)
    else if (this.#limits.megabytes < Number.POSITIVE_INFINITY) void this.#measure(worker)
  }

  async #measure(worker: PoolWorker): Promise<void> {
    if (worker.measuring || worker.host.closed) return
    worker.measuring = true
    // One that is gone meanwhile holds nothing.
    const bytes = await worker.host.memory().catch(() => 0)
    worker.measuring = false
    if (bytes < this.#limits.megabytes * MEGABYTE || worker.host.closed) return
    this.#retire(worker)
    this.#endIfDone(worker)
  }

  /** One on demand has retired from the start, and is not worn out by its only call. */
  #retire(worker: PoolWorker): void {
    if (worker.retiring) return
    worker.retiring = true
    this.#recycled += 1
  }

  #endIfDone(worker: PoolWorker): void {
    if (worker.active === 0) this.#end(worker)
  }
}

/** Lets go the workers that have had nothing to do for long, with one timer for all and none for a single call. */
export class IdleWorkers {
  readonly #timeout: number
  readonly #surplus: () => readonly PoolWorker[]
  readonly #letGo: (worker: PoolWorker) => void
  #timer: Timer | undefined

  /** `surplus` are the idle workers of which none need be kept, `letGo` ends one of them. */
  constructor(timeout: number, surplus: () => readonly PoolWorker[], letGo: (worker: PoolWorker) => void) {
    this.#timeout = timeout
    this.#surplus = surplus
    this.#letGo = letGo
  }

  /** A worker has become idle. */
  watch(): void {
    this.#timer ??= startBackgroundTimer(this.#timeout, () => this.#look())
  }

  stop(): void {
    this.#timer?.cancel()
  }

  #look(): void {
    this.#timer = undefined
    const at = now()
    let next = Number.POSITIVE_INFINITY
    for (const worker of this.#surplus()) {
      const remaining = worker.idleSince + this.#timeout - at
      if (remaining <= 0) this.#letGo(worker)
      else next = Math.min(next, remaining)
    }
    if (next < Number.POSITIVE_INFINITY) this.#timer = startBackgroundTimer(next, () => this.#look())
  }
}
