import { preciseNow } from '../../base/clock.ts'
import { INSPECT, type Inspection, inspected } from '../../base/inspect.ts'
import type { Line, Supply } from './admission.ts'

/**
 * What was granted. Give it back with `release`, or let `using` or `await using` do it. Releasing is idempotent and never
 * throws, so that it cannot hide an error on its way out.
 */
export interface Permit extends Disposable, AsyncDisposable {
  readonly released: boolean
  /** Gives back what is held and lets the next in line have it, at once; nothing the second time. */
  release(): void
  /** @internal Undoes the grant: what is used up once it is taken comes back as well. */
  refund(): void
  /**
   * @internal What it was taken for has yet to begin: rates count as taken until {@link begin}, and from then on. Released
   * before that, they come back.
   */
  postpone(): void
  /** @internal Ends a {@link postpone}. */
  begin(): void
  /** @internal How much it holds of that supply. */
  holds(source: object): number
}

/** A permit for some amounts of the supplies of one line. */
export class HeldPermit implements Permit {
  protected readonly line: Line
  /** Beside the supplies of the line; shared with other permits, so never changed in place. */
  protected amounts: readonly number[]
  #takenAt: number
  #released = false
  #postponed = false

  constructor(line: Line, amounts: readonly number[], takenAt: number) {
    this.line = line
    this.amounts = amounts
    this.#takenAt = takenAt
  }

  get released(): boolean {
    return this.#released
  }

  release(): void {
    if (this.#released) return
    if (this.#postponed) return this.refund()
    this.#released = true
    const { supplies } = this.line
    for (let i = 0; i < supplies.length; i++) {
      const { algorithm } = supplies[i] as Supply
      if (algorithm.returnable) algorithm.giveBack(this.amounts[i] as number, this.#takenAt, 0)
    }
    this.#dispatch()
  }

  refund(): void {
    if (this.#released) return
    this.keep(this.amounts.map(() => 0))
    this.#released = true
  }

  postpone(): void {
    if (this.#released || this.#postponed) return
    this.#postponed = true
    const now = preciseNow()
    this.#eachRate((supply, amount) => {
      supply.algorithm.giveBack(amount, this.#takenAt, now)
      supply.postponed += amount
    })
  }

  begin(): void {
    if (this.#released || !this.#postponed) return
    this.#postponed = false
    this.#takenAt = preciseNow()
    this.#eachRate((supply, amount) => {
      supply.postponed -= amount
      supply.algorithm.take(amount, this.#takenAt)
    })
    // Those who wait can now be told when there will be room.
    this.#dispatch()
  }

  /** @internal */
  [INSPECT](...inspection: Inspection): string {
    const amounts = this.line.supplies.map(({ key }, index) => [key || 'permits', this.amounts[index]])
    return inspected('Permit', { ...Object.fromEntries(amounts), released: this.#released }, ...inspection)
  }

  holds(source: object): number {
    if (this.#released) return 0
    const index = this.line.supplies.indexOf(source as Supply)
    return this.amounts[index] ?? 0
  }

  [Symbol.dispose](): void {
    this.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release()
  }

  /** @internal Keeps `amounts`: gives the rest back, and owes what is more than was taken. Once released, of rates alone. */
  keep(amounts: readonly number[]): void {
    const { supplies } = this.line
    const now = preciseNow()
    for (let i = 0; i < supplies.length; i++) {
      const supply = supplies[i] as Supply
      if (this.#released && supply.algorithm.returnable) continue
      const rest = (this.amounts[i] as number) - (amounts[i] as number)
      if (rest > 0) this.#giveBack(supply, rest, now)
      else if (rest < 0) this.#owe(supply, -rest, now)
    }
    this.amounts = amounts
    this.#dispatch()
  }

  #owe(supply: Supply, amount: number, now: number): void {
    if (this.#postponed && !supply.algorithm.returnable) supply.postponed += amount
    else supply.algorithm.owe(amount, now)
  }

  #giveBack(supply: Supply, amount: number, now: number): void {
    if (this.#postponed && !supply.algorithm.returnable) supply.postponed -= amount
    else supply.algorithm.giveBack(amount, this.#takenAt, now)
  }

  #eachRate(visit: (supply: Supply, amount: number) => void): void {
    for (const [index, supply] of this.line.supplies.entries()) {
      if (!supply.algorithm.returnable) visit(supply, this.amounts[index] as number)
    }
  }

  /** Only once everything is back: nobody shall be looked at while it is half there. */
  #dispatch(): void {
    for (const supply of this.line.supplies) supply.changed()
  }
}
