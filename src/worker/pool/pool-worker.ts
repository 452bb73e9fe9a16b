import type { Host } from '../messages/host.ts'

/** One worker of a pool, with what the pool needs to know to choose it, to recycle it and to let it go. */
export class PoolWorker {
  readonly host: Host
  /** 1, 2, 3 … in the order in which they were started. */
  readonly number: number
  readonly #concurrency: number
  #ready = false
  /** How many calls it has. */
  active = 0
  /** How many calls it has had, those included. */
  dispatched = 0
  /** It takes no new calls, and goes when its last has ended. */
  retiring = false
  /** Since when it has had nothing to do. */
  idleSince = 0
  /** Whether an answer about its memory is to come. */
  measuring = false

  constructor(host: Host, number: number, concurrency: number) {
    this.host = host
    this.number = number
    this.#concurrency = concurrency
  }

  /** It has started. */
  becomeReady(now: number): void {
    this.#ready = true
    this.idleSince = now
  }

  get starting(): boolean {
    return !this.#ready && !this.host.closed
  }

  /** Whether it may take a call at once. The host says it is closed before its calls hear of it. */
  get free(): boolean {
    if (!this.#ready || this.active >= this.#concurrency || this.retiring) return false
    return !this.host.closed && !this.host.doubtful
  }

  get idle(): boolean {
    return this.#ready && this.active === 0 && !this.retiring && !this.host.closed
  }
}
