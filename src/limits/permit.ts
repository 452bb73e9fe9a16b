import { preciseNow } from '../base/clock.ts'
import { INSPECT, type Inspection, inspected } from '../base/inspect.ts'
import { amount, requiredObject } from '../base/options.ts'
import type { Line, MakePermit, Supply } from './acquire/line.ts'
import type { Permit } from './acquire/permit-source.ts'
import { alreadyReleased, unknownKey } from './errors.ts'
import type { Amounts, LimitPermit } from './types.ts'

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
      if (this.#postponed && !supply.algorithm.returnable) supply.postponed -= rest
      else if (rest > 0) supply.algorithm.giveBack(rest, this.#takenAt, now)
      else if (rest < 0) supply.algorithm.owe(-rest, now)
    }
    this.amounts = amounts
    this.#dispatch()
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

/** The limits of which it holds some. */
interface Granting {
  readonly keys: readonly string[]
  /** A permit of one of them, for nothing as yet. */
  nothingOf(key: string): HeldPermit
}

/** A permit whose amounts have names. */
export class NamedPermit extends HeldPermit implements LimitPermit {
  readonly #members: Granting
  /** What is owed of members that nothing was taken of, by key. */
  #beside: Map<string, HeldPermit> | undefined

  constructor(members: Granting, line: Line, amounts: readonly number[], takenAt: number) {
    super(line, amounts, takenAt)
    this.#members = members
  }

  update(amounts: Amounts): void {
    const keys = this.#keys()
    const kept = [...this.amounts]
    for (const [key, value] of Object.entries(requiredObject('amounts', amounts))) {
      const index = keys.indexOf(key)
      if (index < 0) throw unknownKey(key, keys)
      kept[index] = amount(key, value, 0, kept[index] as number)
    }
    if (this.released) throw alreadyReleased()
    this.keep(kept)
  }

  settle(amounts: Amounts): void {
    const keys = this.#keys()
    const kept = [...this.amounts]
    const beside: [key: string, value: number][] = []
    for (const [key, value] of Object.entries(requiredObject('amounts', amounts))) {
      const index = keys.indexOf(key)
      amount(key, value, 0, Number.POSITIVE_INFINITY)
      if (index >= 0) kept[index] = value
      else if (this.#members.keys.includes(key)) beside.push([key, value])
      else throw unknownKey(key, this.#members.keys)
    }
    this.keep(kept)
    for (const [key, value] of beside) this.#permitBeside(key).keep([value])
  }

  override release(): void {
    super.release()
    for (const permit of this.#beside?.values() ?? []) permit.release()
  }

  #permitBeside(key: string): HeldPermit {
    this.#beside ??= new Map()
    let permit = this.#beside.get(key)
    if (permit === undefined) {
      permit = this.#members.nothingOf(key)
      if (this.released) permit.release()
      this.#beside.set(key, permit)
    }
    return permit
  }

  #keys(): readonly string[] {
    return this.line.supplies.map(supply => supply.key)
  }
}

/** Makes the permits of some limits. */
export function namedBy(members: Granting): MakePermit<NamedPermit> {
  return (line, amounts, takenAt) => new NamedPermit(members, line, amounts, takenAt)
}
