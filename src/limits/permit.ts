import { amount, requiredObject } from '../base/options.ts'
import type { Line } from './acquire/admission.ts'
import { HeldPermit } from './acquire/permit.ts'
import { alreadyReleased, unknownKey } from './errors.ts'
import type { Amounts, LimitPermit } from './types.ts'

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
