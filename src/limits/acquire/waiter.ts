import { preciseNow } from '../../base/clock.ts'
import type { Queued } from '../../collections/queued.ts'

/** For this long a request lets others pass before it begins to insist, in milliseconds. */
const PATIENCE = 100

let entered = 0

/** What a request that gives up needs of its line. */
interface WaitingLine {
  leave(waiter: Waiter): void
}

/** A request that stands in a line. */
export class Waiter implements Queued {
  /** The order of all requests everywhere: what makes every line it competes with agree on who came first. */
  readonly arrival: number
  sequence = 0
  readonly #line: WaitingLine
  /** Beside the supplies of its line, index by index. */
  readonly amounts: readonly number[]
  readonly granted: (takenAt: number) => void
  readonly priority: number
  /** Else it only wants to know when it could. */
  readonly takes: boolean
  /** Its place in the queue; negative once it has left. */
  position = -1
  readonly #since: number

  constructor(
    line: WaitingLine,
    amounts: readonly number[],
    granted: (takenAt: number) => void,
    priority: number,
    takes = true,
  ) {
    this.#line = line
    this.amounts = amounts
    this.granted = granted
    this.priority = priority
    this.takes = takes
    this.arrival = entered++
    // With one supply it lacks nothing elsewhere, and reading the clock is a good part of the price of a request.
    this.#since = amounts.length > 1 ? preciseNow() : 0
  }

  /** Leaves the line; does nothing once it has been granted. */
  cancel(): void {
    if (this.position >= 0) this.#line.leave(this)
  }

  /**
   * Until when it keeps for itself what it could take of one supply while it lacks another; `undefined` while it lets
   * others pass.
   *
   * Always letting pass, a request for two supplies might never meet both free at once. Never letting pass, it might keep
   * the very thing that the holder of the other one asks for next, and both would wait for ever. So it does both in
   * turn, each turn twice as long as the one before: it gets through once a turn is longer than the others hold (after
   * at most some five times as long), and nobody is held up longer than it has waited itself.
   */
  reservesUntil(now: number): number | undefined {
    const turn = Math.floor(Math.log2((now - this.#since) / PATIENCE))
    return turn >= 0 && turn % 2 === 0 ? this.#since + PATIENCE * 2 ** (turn + 1) : undefined
  }
}
