import type { Permit } from './permit.ts'
import type { Waiting } from './permit-source.ts'

/** Counts the requests that stand in the lines of one limits object. */
interface Asked {
  asking: number
}

/** What a task asks of its limits, and has got: for each attempt again. A plain spawn has none. */
export class LimitRequest<P extends Permit> {
  /** What was granted; until the slot is free again. */
  permit: P | undefined = undefined
  /** How often it was granted when no slot was free any more. */
  missed = 0
  #asked: Asked | undefined = undefined
  #waiting: Waiting | undefined = undefined
  #giveUpSlot: (() => void) | undefined = undefined

  /** Whether it stands in line. */
  get waits(): boolean {
    return this.#asked !== undefined
  }

  /** From now on it stands in line. */
  begin(asked: Asked, giveUpSlot: (() => void) | undefined): void {
    asked.asking += 1
    this.#asked = asked
    this.#giveUpSlot = giveUpSlot
  }

  /** How to call it off, which may be too late already. */
  waitsBy(waiting: Waiting): void {
    if (this.#asked === undefined) waiting.cancel()
    else this.#waiting = waiting
  }

  /** It stands in line no more. */
  end(): void {
    if (this.#asked !== undefined) this.#asked.asking -= 1
    this.#giveUpSlot?.()
    this.#asked = this.#waiting = this.#giveUpSlot = undefined
  }

  cancel(): void {
    const waiting = this.#waiting
    this.end()
    waiting?.cancel()
  }

  release(): void {
    const { permit } = this
    permit?.release()
    this.permit = undefined
  }
}
