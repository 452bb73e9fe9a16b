import { now, timeOfDay } from './clock.ts'

/** Milliseconds by which the clock of the system may be adjusted unnoticed. */
const TOLERANCE = 100
/** How many changes are remembered. */
const MOST = 16

/** From this monotonic time on the clock of the system was that much ahead of it. */
interface Setting {
  readonly since: number
  readonly ahead: number
}

/**
 * Turns monotonic time into what the clock of the system said, also when that is set while the process runs, or when the
 * machine has slept. What changes no more keeps the times that it has got.
 */
export class WallClock {
  #settings: readonly Setting[] = [{ since: Number.NEGATIVE_INFINITY, ahead: timeOfDay() - now() }]
  /** Until this monotonic time the settings are known. */
  #checkedAt = now()

  /** What to add to {@link now}, and to all times of what goes on, to get milliseconds since the epoch. */
  get offset(): number {
    this.#check()
    return this.#latest.ahead
  }

  /** What to add to all times of what has ended then: one offset for all of them, so that none comes before an earlier one. */
  offsetAt(end: number): number {
    if (end > this.#checkedAt) this.#check()
    const setting = this.#settings.findLast(({ since }) => since < end) ?? this.#settings[0]
    return (setting as Setting).ahead
  }

  get #latest(): Setting {
    return this.#settings.at(-1) as Setting
  }

  #check(): void {
    const before = now()
    const said = timeOfDay()
    const { ahead } = this.#latest
    // The process may have stood still between two readings.
    if (said - before < ahead - TOLERANCE || said - before > ahead + TOLERANCE + (now() - before)) {
      this.#settings = [...this.#settings, { since: this.#checkedAt, ahead: said - before }].slice(-MOST)
    }
    this.#checkedAt = before
  }
}
