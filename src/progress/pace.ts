import { now, startBackgroundTimer, type Timer } from '../base/clock.ts'

/**
 * Answers news with one call of `show`, at most every `interval` milliseconds. Without news there is no timer, and none
 * keeps the process alive.
 */
export class Pace {
  readonly #interval: number
  readonly #show: () => void
  #timer: Timer | undefined
  #due = 0
  #shownAt = now()

  constructor(interval: number, show: () => void) {
    this.#interval = interval
    this.#show = show
  }

  /** There is something new to show. */
  news(): void {
    const at = now()
    if (this.#timer === undefined) {
      this.#due = Math.max(at, this.#shownAt + this.#interval)
      this.#timer = startBackgroundTimer(this.#due - at, () => this.#fire())
    } else if (at >= this.#due + this.#interval) {
      // No timer fires while synchronous work holds the thread, and that is when progress is wanted most.
      this.#fire()
    }
  }

  /** Shows nothing more until there is news again. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #fire(): void {
    this.stop()
    this.#shownAt = now()
    this.#show()
  }
}
