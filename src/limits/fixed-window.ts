import type { Meter } from '../admission/meter.ts'

/**
 * At most `capacity` in each of the windows of `per` milliseconds that follow one another from the first use on. Cheapest,
 * but around the edge of two windows up to twice the capacity may pass within a short time.
 */
export class FixedWindow implements Meter {
  readonly capacity: number
  readonly returnable = false
  readonly #per: number
  #start: number | undefined
  #used = 0

  constructor(capacity: number, per: number) {
    this.capacity = capacity
    this.#per = per
  }

  availableAt(amount: number, now: number): number {
    const start = this.#enterWindow(now)
    return this.#used + amount <= this.capacity ? now : start + this.#per
  }

  take(amount: number, now: number): void {
    this.#start ??= now
    this.#enterWindow(now)
    this.#used += amount
  }

  giveBack(amount: number, takenAt: number, now: number): void {
    if (takenAt >= this.#enterWindow(now)) this.#used -= amount
  }

  used(now: number): number {
    this.#enterWindow(now)
    return this.#used
  }

  /** Turns over to the window of `now` and returns its start. */
  #enterWindow(now: number): number {
    if (this.#start === undefined) return now
    if (now >= this.#start + this.#per) {
      this.#start += Math.floor((now - this.#start) / this.#per) * this.#per
      this.#used = 0
    }
    return this.#start
  }
}
