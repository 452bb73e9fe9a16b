import type { Line } from './admission.ts'
import type { Permit } from './permit.ts'
import type { Excess, PermitSource, Waiting } from './permit-source.ts'

/** How a permit is made of a line, what was taken there and when. */
export type MakePermit<P extends Permit> = (line: Line, amounts: readonly number[], takenAt: number) => P

/** Asks one line for fixed amounts. */
export class LineSource<P extends Permit> implements PermitSource<P> {
  readonly immediate = true
  readonly line: Line
  readonly #amounts: readonly number[]
  readonly #makePermit: MakePermit<P>

  constructor(line: Line, amounts: readonly number[], makePermit: MakePermit<P>) {
    this.line = line
    this.#amounts = amounts
    this.#makePermit = makePermit
  }

  tryAcquire(): P | undefined {
    const takenAt = this.line.take(this.#amounts)
    return takenAt === undefined ? undefined : this.#permit(takenAt)
  }

  acquire(granted: (permit: P) => void, _?: unknown, priority = 0): Waiting {
    return this.line.enter(this.#amounts, takenAt => granted(this.#permit(takenAt)), priority)
  }

  whenRoom(told: () => void): Waiting {
    return this.line.lookOn(this.#amounts, told)
  }

  #permit(takenAt: number): P {
    return this.#makePermit(this.line, this.#amounts, takenAt)
  }

  exceeds(permit: Permit): Excess | undefined {
    for (const [index, { algorithm, key }] of this.line.supplies.entries()) {
      // What comes back with time is only waited for.
      if (!algorithm.returnable) continue
      const asked = this.#amounts[index] as number
      const held = permit.holds(this.line.supplies[index] as object)
      if (held > 0 && held + asked > algorithm.capacity) return { key, asked, held, capacity: algorithm.capacity }
    }
    return undefined
  }
}
