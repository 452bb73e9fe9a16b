import { now, startTimer, type Timer } from '../base/clock.ts'

/**
 * How long the close of a runner waits for its store: as long as that answers, and for an answer until the close has to be
 * over, or `patience` milliseconds where it was asked so late.
 */
export class CloseLimit {
  readonly #patience: number
  readonly #busySince: () => number | undefined
  readonly #passed = Promise.withResolvers<void>()
  #closeBy = Number.POSITIVE_INFINITY
  #timer: Timer | undefined

  /** `busySince` says since when the store has owed an answer. */
  constructor(patience: number, busySince: () => number | undefined) {
    this.#patience = patience
    this.#busySince = busySince
  }

  /** Only ever sooner. */
  closeBy(time: number): void {
    this.#closeBy = Math.min(this.#closeBy, time)
    if (this.#timer !== undefined) this.#arm()
  }

  /** Resolves when the store has been waited for long enough. */
  passed(): Promise<void> {
    this.#arm()
    return this.#passed.promise
  }

  cancel(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #arm(): void {
    this.#timer?.cancel()
    const since = this.#busySince()
    const left = Math.max(this.#closeBy, (since ?? now()) + this.#patience) - now()
    if (since !== undefined && left <= 0) this.#passed.resolve()
    else this.#timer = startTimer(Math.max(1, left), () => this.#arm())
  }
}
