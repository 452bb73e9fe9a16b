import type { LimitAlgorithm } from './limit-algorithm.ts'

/** Counts what is held at the moment: permits, connections, memory. Everything comes back on release. */
export class Concurrency implements LimitAlgorithm {
  capacity: number
  readonly returnable = true
  #held = 0

  constructor(capacity: number) {
    this.capacity = capacity
  }

  availableAt(amount: number, now: number): number {
    return this.#held + amount <= this.capacity ? now : Number.POSITIVE_INFINITY
  }

  take(amount: number): void {
    this.#held += amount
  }

  owe(amount: number): void {
    this.#held += amount
  }

  resize(capacity: number): void {
    this.capacity = capacity
  }

  giveBack(amount: number): void {
    this.#held -= amount
  }

  used(): number {
    return this.#held
  }
}
