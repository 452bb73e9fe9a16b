import { type Demand, NOT_WAITING, type Waiting } from './demand.ts'
import type { Line } from './line.ts'
import type { Permit } from './permit.ts'

/** How a permit is made of a line, what was taken there and when. */
export type PermitClass<P extends Permit> = new (line: Line, amounts: readonly number[], takenAt: number) => P

/** Asks one line for fixed amounts. */
export class LineDemand<P extends Permit> implements Demand<P> {
  readonly immediate = true
  readonly #line: Line
  readonly #amounts: readonly number[]
  readonly #permitClass: PermitClass<P>

  constructor(line: Line, amounts: readonly number[], permitClass: PermitClass<P>) {
    this.#line = line
    this.#amounts = amounts
    this.#permitClass = permitClass
  }

  take(): P | undefined {
    const takenAt = this.#line.take(this.#amounts)
    return takenAt === undefined ? undefined : this.#permit(takenAt)
  }

  request(granted: (permit: P) => void): Waiting {
    const permit = this.take()
    if (permit === undefined) {
      const waiter = this.#line.enter(this.#amounts, takenAt => granted(this.#permit(takenAt)))
      return { cancel: () => this.#line.leave(waiter) }
    }
    granted(permit)
    return NOT_WAITING
  }

  #permit(takenAt: number): P {
    return new this.#permitClass(this.#line, this.#amounts, takenAt)
  }
}
