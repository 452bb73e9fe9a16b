import { now, startBackgroundTimer, type Timer } from '../../base/clock.ts'
import type { PoolWorker } from './pool-worker.ts'

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
