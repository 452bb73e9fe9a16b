import type { LimitAlgorithm } from './limit-algorithm.ts'

/**
 * At most `capacity` in each of the windows of `per` milliseconds that follow one another from the first use on. Cheapest,
 * but around the edge of two windows up to twice the capacity may pass within a short time.
 */
export class FixedWindow implements LimitAlgorithm {
  capacity: number
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

  owe(amount: number, now: number): void {
    this.take(amount, now)
  }

  resize(capacity: number, now: number): void {
    this.#enterWindow(now)
    this.capacity = capacity
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
      const windows = Math.floor((now - this.#start) / this.#per)
      this.#start += windows * this.#per
      // What is owed goes over to the next one.
      this.#used = Math.max(0, this.#used - windows * this.capacity)
    }
    return this.#start
  }
}
