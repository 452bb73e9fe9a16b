import type { LimitAlgorithm } from './limit-algorithm.ts'

/**
 * Bursts of up to `capacity`, and `capacity` each `per` milliseconds in the long run: within any stretch of `t`
 * milliseconds at most `capacity * (1 + t / per)`.
 *
 * This is the leaky bucket (as a meter): what is taken is poured in, it runs out evenly, and nothing may spill. The token
 * bucket is its mirror image, tokens there being what is missing here to a full bucket. The generic cell rate algorithm
 * (ITU-T I.371) describes the same by the time at which the bucket will be empty. All three admit the same requests at the
 * same times, so this one class serves the three names.
 *
 * The level is kept in amounts times `per`, of which `capacity` run out each millisecond: with whole numbers all is exact,
 * and nothing is lost by looking often.
 */
export class Bucket implements LimitAlgorithm {
  capacity: number
  readonly returnable = false
  readonly #per: number
  #level = 0
  #at = 0

  constructor(capacity: number, per: number) {
    this.capacity = capacity
    this.#per = per
  }

  availableAt(amount: number, now: number): number {
    const spill = this.#drain(now) + (amount - this.capacity) * this.#per
    return spill <= 0 ? now : now + spill / this.capacity
  }

  take(amount: number, now: number): void {
    this.#level = this.#drain(now) + amount * this.#per
  }

  owe(amount: number, now: number): void {
    this.take(amount, now)
  }

  resize(capacity: number, now: number): void {
    this.#drain(now)
    this.capacity = capacity
  }

  /** After `per` milliseconds it would all have run out by itself. */
  giveBack(amount: number, takenAt: number, now: number): void {
    if (now - takenAt < this.#per) this.#level = Math.max(0, this.#drain(now) - amount * this.#per)
  }

  used(now: number): number {
    return Math.ceil(this.#drain(now) / this.#per)
  }

  #drain(now: number): number {
    // Nothing runs out in no time, however large the capacity.
    if (now > this.#at) this.#level = Math.max(0, this.#level - (now - this.#at) * this.capacity)
    this.#at = now
    return this.#level
  }
}
