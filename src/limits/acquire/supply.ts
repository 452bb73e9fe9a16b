import { preciseNow, startTimer, type Timer } from '../../base/clock.ts'
import type { LimitAlgorithm } from '../algorithms/limit-algorithm.ts'
import { dispatch } from './dispatch.ts'
import type { Line } from './line.ts'
import type { RoomWatch } from './room-watch.ts'

/** Something limited, and the lines that wait for it. It has one timer, armed only while time alone will help someone. */
export class Supply {
  readonly algorithm: LimitAlgorithm
  /** What it is called in amounts and messages; a semaphore's has no name. */
  readonly key: string
  /** The lines in which somebody waits for it. */
  readonly lines: Line[] = []
  /** What was taken of a rate for what has not begun: it counts until then, however long that takes. */
  postponed = 0
  /** For those who want to know when it is used up. */
  room: RoomWatch | undefined = undefined
  #timer: Timer | undefined
  #wakesAt = Number.POSITIVE_INFINITY

  constructor(algorithm: LimitAlgorithm, key = '') {
    this.algorithm = algorithm
    this.key = key
  }

  used(now: number): number {
    return this.algorithm.used(now) + this.postponed
  }

  get waiting(): number {
    return this.lines.reduce((sum, line) => sum + line.size, 0)
  }

  /** From now on there is more of it, or less. */
  resize(capacity: number): void {
    this.algorithm.resize(capacity, preciseNow())
    this.room?.changed()
    if (this.lines.length > 0) dispatch(this)
  }

  /** Like the meter's, for amounts that were added up: more than there is will never be there. */
  availableAt(amount: number, now: number): number {
    const counted = amount + this.postponed
    return counted > this.algorithm.capacity ? Number.POSITIVE_INFINITY : this.algorithm.availableAt(counted, now)
  }

  /** Has the lines looked at again at `time`. An alarm that is set for earlier stays: it finds out what comes next. */
  wakeAt(time: number, now: number): void {
    if (time >= this.#wakesAt && this.lines.length > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
    this.#wakesAt = time
    if (time === Number.POSITIVE_INFINITY) return
    // Rounded up, and at least 1: a timer that fires too early would only be set again.
    this.#timer = startTimer(Math.max(1, Math.ceil(time - now)), () => {
      this.#timer = undefined
      this.#wakesAt = Number.POSITIVE_INFINITY
      dispatch(this)
    })
  }
}
