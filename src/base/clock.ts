/** The longest delay `setTimeout` takes, some 24 days; anything longer it silently turns into 1 ms. */
export const LONGEST_TIMER = 2 ** 31 - 1

/** A timer that can be stopped; stopping it twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void
}

/**
 * Monotonic milliseconds: never set back, only differences mean anything. Whole numbers on purpose: V8 keeps them
 * inline in an object, while every fractional timestamp stored would allocate.
 */
export function now(): number {
  return Math.floor(performance.now())
}

/**
 * Monotonic milliseconds with their fraction, for what counts in less than a millisecond: rates. Do not keep it in an
 * object that is made once per task.
 */
export function preciseNow(): number {
  return performance.now()
}

const REAL_NOW = performance.now

/** Whether {@link now} is the machine's own clock, and not one that tests have put in its place. */
export function isRealTime(): boolean {
  return performance.now === REAL_NOW
}

/** Milliseconds since the epoch, as the clock of the system has them: it may be set, so that differences mean nothing. */
export function timeOfDay(): number {
  return Date.now()
}

/**
 * Calls `fire` once after `delay` milliseconds. Delays past 2^31-1 ms are waited in pieces; `Infinity` never fires and
 * arms no timer at all. Timers are looked up on the global object at each call, so that a virtual clock can replace them.
 */
export function startTimer(delay: number, fire: () => void): Timer {
  return start(delay, fire, false)
}

/** Like {@link startTimer}, for what nobody waits for: the process may end before it fires. */
export function startBackgroundTimer(delay: number, fire: () => void): Timer {
  return start(delay, fire, true)
}

function start(delay: number, fire: () => void, background: boolean): Timer {
  if (delay === Number.POSITIVE_INFINITY) return NEVER
  let handle: ReturnType<typeof setTimeout>
  const arm = (remaining: number) => {
    const piece = Math.min(remaining, LONGEST_TIMER)
    handle = setTimeout(() => (remaining > piece ? arm(remaining - piece) : fire()), piece)
    if (background) handle.unref?.()
  }
  arm(delay)
  return { cancel: () => clearTimeout(handle) }
}

const NEVER: Timer = { cancel: () => {} }

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
