import { preciseNow } from '../../base/clock.ts'
import type { Queued } from '../../collections/queued.ts'

/** Numbers all requests everywhere: every line that one competes with agrees on who came first. */
let entered = 0

/** What a request that gives up needs of its line. */
interface WaitingLine {
  leave(waiter: Waiter): void
}

/** A request that stands in a line. */
export abstract class Waiter implements Queued {
  readonly sequence: number = entered++
  /** Its place in the queue; negative once it has left. */
  position = -1
  readonly #line: WaitingLine
  /** Beside the supplies of its line, index by index. */
  readonly amounts: readonly number[]
  readonly priority: number
  /** Else it only wants to know when it could. */
  readonly takes: boolean
  /** Where it may lack one thing while it could have another; reading the clock is a good part of the price of a request. */
  readonly since: number

  constructor(line: WaitingLine, amounts: readonly number[], priority: number, takes = true) {
    this.#line = line
    this.amounts = amounts
    this.priority = priority
    this.takes = takes
    this.since = amounts.length > 1 ? preciseNow() : 0
  }

  /** It has been given its amounts, at that time. */
  abstract granted(takenAt: number): void

  /** Leaves the line; does nothing once it has been granted. */
  cancel(): void {
    if (this.position >= 0) this.#line.leave(this)
  }
}

/** One that calls back. */
export class CallbackWaiter extends Waiter {
  readonly granted: (takenAt: number) => void

  constructor(
    line: WaitingLine,
    amounts: readonly number[],
    granted: (takenAt: number) => void,
    priority = 0,
    takes = true,
  ) {
    super(line, amounts, priority, takes)
    this.granted = granted
  }
}
