import { now } from '../../clock.ts'

const MINUTE = 60_000

/** Counts the crashes of the last minute. */
export class CrashCount {
  #times: number[] = []

  /** Adds one that happened now, and returns how many there were. */
  add(): number {
    const at = now()
    this.#times = this.#times.filter(time => at - time < MINUTE)
    return this.#times.push(at)
  }
}
