import { amount, requiredObject } from '../base/options.ts'
import { Line, LineSource, type MakePermit, type Supply } from './acquire/line.ts'
import { nothingAsked, notNamed, unknownKey } from './errors.ts'
import { HeldPermit, type NamedPermit, namedBy } from './permit.ts'
import type { Amounts, LimitPermit } from './types.ts'

/** A limit's supply, and how much of it is taken when nobody says. */
export interface Member {
  readonly supply: Supply
  readonly byDefault: 0 | 1
}

/** Limits that are asked together: turns amounts by name into sources, and has a line for each combination in use. */
export class Members {
  readonly #members: readonly Member[]
  readonly keys: readonly string[]
  readonly #all: Line
  readonly #some = new Map<string, Line>()
  readonly #makePermit: MakePermit<NamedPermit>
  #usual: LineSource<LimitPermit> | undefined

  constructor(members: readonly Member[]) {
    this.#members = members
    this.keys = members.map(member => member.supply.key)
    this.#all = new Line(members.map(member => member.supply))
    this.#makePermit = namedBy(this)
  }

  /** What `amounts` comes to, all checked. */
  source(amounts: Amounts | undefined, only: boolean, complete = false): LineSource<LimitPermit> {
    if (complete) this.#refuseIncomplete(amounts ?? {})
    if (amounts !== undefined || only) return this.#demandFor(this.#resolve(amounts ?? {}, only))
    this.#usual ??= this.#demandFor(this.#usually())
    return this.#usual
  }

  /** A permit of one of them, for nothing as yet. */
  nothingOf(key: string): HeldPermit {
    return new HeldPermit(
      new Line(this.#members.map(({ supply }) => supply).filter(supply => supply.key === key)),
      [0],
      0,
    )
  }

  #refuseIncomplete(amounts: Amounts): void {
    const missing = this.#members.find(
      ({ byDefault, supply }) => byDefault === 0 && !Object.hasOwn(amounts, supply.key),
    )
    if (missing !== undefined) throw notNamed(missing.supply.key)
  }

  /** To ask for nothing is most likely to have forgotten what for. */
  #usually(): number[] {
    const amounts = this.#resolve({}, false)
    if (amounts.length > 0 && amounts.every(value => value === 0)) {
      throw nothingAsked(this.keys[0] as string)
    }
    return amounts
  }

  #resolve(amounts: Amounts, only: boolean): number[] {
    const resolved = this.#members.map(member => (only ? 0 : member.byDefault) as number)
    for (const key of Object.keys(requiredObject('amounts', amounts))) {
      const index = this.keys.indexOf(key)
      const member = this.#members[index]
      if (member === undefined) throw unknownKey(key, this.keys)
      resolved[index] = amount(key, amounts[key] as number, 0, member.supply.algorithm.capacity)
    }
    return resolved
  }

  /** Only what is really needed is waited for. */
  #demandFor(amounts: readonly number[]): LineSource<LimitPermit> {
    const needed = amounts.filter(value => value !== 0)
    return new LineSource(this.#lineFor(amounts, needed.length), needed, this.#makePermit)
  }

  #lineFor(amounts: readonly number[], needed: number): Line {
    if (needed === amounts.length) return this.#all
    let name = ''
    for (const value of amounts) name += value === 0 ? '-' : '+'
    let line = this.#some.get(name)
    if (line === undefined) {
      line = new Line(this.#members.filter((_, index) => amounts[index] !== 0).map(member => member.supply))
      this.#some.set(name, line)
    }
    return line
  }
}
