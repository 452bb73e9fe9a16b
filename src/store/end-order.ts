import type { StoredTask } from './types.ts'

/** Milliseconds: what ended so much before another one may well be written after it. */
const LATENESS = 1_000

/**
 * Numbers the stretches of time within which ends are ordered by their times: each opening of a store begins one, and so
 * does a clock that is set back meanwhile.
 */
export class EndOrder {
  #stretch: number
  #latest = Number.NEGATIVE_INFINITY

  constructor(stretch: number) {
    this.#stretch = stretch
  }

  /** The stretch of what is written now. */
  get stretch(): number {
    return this.#stretch
  }

  /** Tasks that are written together; only those that have ended count. */
  follow(tasks: readonly StoredTask[]): void {
    let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const { endedAt } of tasks) {
      if (endedAt === undefined) continue
      first = Math.min(first, endedAt)
      last = Math.max(last, endedAt)
    }
    const setBack = first < this.#latest - LATENESS
    if (setBack) this.#stretch += 1
    this.#latest = setBack ? last : Math.max(this.#latest, last)
  }
}
