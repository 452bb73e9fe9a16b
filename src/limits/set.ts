import { INSPECT, type Inspection, inspected } from '../base/inspect.ts'
import { requiredObject, show } from '../base/options.ts'
import type { Supply } from './acquire/line.ts'
import { PERMIT_SOURCE, type PermitSource, SUPPLIES } from './acquire/permit-source.ts'
import { letCompete } from './acquire/rivals.ts'
import { CombinedSource } from './combined.ts'
import { nothingAsked, notNamed } from './errors.ts'
import { freeSource } from './free-source.ts'
import { KeyedLimit, LimitBase } from './limit-base.ts'
import { Members } from './members.ts'
import { permitSourceOf } from './permit-source-of.ts'
import { SingleLimit } from './single-limit.ts'
import type { Amounts, LimitPermit, LimitSet, LimitStats, Limits } from './types.ts'

/**
 * Limits that are taken together: all of what is asked for, or nothing. Members of a set within the set count as its own.
 *
 * Call and resource limits count 1 when they are not named, rate limits are taken only when named; a set of one is like
 * that one. With `only: true` just what is named is taken, also no external member. The `cost` of a task has to name every
 * rate, if only with 0. A set of nothing limits nothing.
 *
 * - Requests for the same limits are granted in the order of the calls, whatever their size.
 * - One that waits for another limit holds nobody up here. Only when it has waited for 100 ms it begins to keep its place
 *   for a while, lets pass for twice as long, keeps it for four times as long and so on, so that it gets through however
 *   busy each of its limits is by itself, and no holder of one limit who asks for another is blocked for good.
 * - Limits may be members of several sets: the rules hold across all of them.
 *
 * Semaphores, pools, external limits and those that are shared by machines are asked first, one after the other in the order
 * of the list, and held while the rest is waited for. When one of them fails, what the others granted is released and its
 * error arrives as it is.
 *
 * ```ts
 * const api = limits([callLimit(20, 1_000), rateLimit({ key: 'tokens', capacity: 100_000, per: 60_000 })])
 * await using permit = await api.acquire({ tokens: 500 })
 * ```
 */
export function limits(members: readonly Limits[]): LimitSet {
  if (!Array.isArray(members)) throw new TypeError(`limits must be an array of limits, got ${show(members)}`)
  return new Joined(members.flatMap(member => (member instanceof Joined ? member.members : [member])))
}

/** What one that is asked by itself is to be asked for, given what was named; nothing, if it is to be left out. */
type Ask = (amounts: Amounts | undefined, only: boolean, complete: boolean) => PermitSource<LimitPermit> | undefined

class Joined extends LimitBase implements LimitSet {
  readonly members: readonly Limits[]
  readonly #singles: readonly SingleLimit[]
  readonly #own: Members
  readonly #keyed: readonly KeyedLimit[]
  /** Whether one of those takes something when nothing is named. */
  readonly #keyedByDefault: boolean
  readonly #others: readonly Ask[]

  constructor(members: readonly Limits[]) {
    super()
    this.members = members
    this.#singles = members.filter(member => member instanceof SingleLimit)
    letCompete(this.#singles.map(({ member }) => member.supply))
    const alone = members.length === 1
    this.#own = new Members(this.#singles.map(({ member }) => (alone ? { ...member, byDefault: 1 } : member)))
    this.#keyed = members.filter(member => member instanceof KeyedLimit)
    this.#keyedByDefault = this.#keyed.some(({ byDefault }) => alone || byDefault === 1)
    this.#others = members.filter(member => !(member instanceof SingleLimit)).map(member => askOf(member, alone))
    refuseDuplicates([...this.#singles, ...this.#keyed].map(({ key }) => key))
  }

  [PERMIT_SOURCE](amounts: Amounts | undefined, only: boolean, complete = false): PermitSource<LimitPermit> {
    if (this.members.length === 0) return freeSource(amounts)
    if (this.#others.length === 0) return this.#own.source(amounts, only, complete)
    if (amounts !== undefined) requiredObject('amounts', amounts)
    const own = this.#own.source(this.#ownOf(amounts, only), only, complete)
    const others = this.#others.map(ask => ask(amounts, only, complete)).filter(source => source !== undefined)
    return others.length === 0 ? own : new CombinedSource(others, own)
  }

  [SUPPLIES](of: (member: Limits) => readonly Supply[]): readonly Supply[] {
    return this.members.flatMap(of)
  }

  /** @internal */
  [INSPECT](...inspection: Inspection): string {
    return inspected('LimitSet', this.stats(), ...inspection)
  }

  stats(): Readonly<Record<string, LimitStats>> {
    return Object.fromEntries(this.#singles.map(single => [single.key, single.stats()]))
  }

  #ownOf(amounts: Amounts | undefined, only: boolean): Amounts | undefined {
    const [first] = this.#keyed
    if (first === undefined) return amounts
    if (amounts !== undefined) {
      const names = new Set(this.#keyed.map(({ key }) => key))
      return Object.fromEntries(Object.entries(amounts).filter(([key]) => !names.has(key)))
    }
    if (this.#keyedByDefault) return {}
    if (this.#singles.length === 0 && !only) throw nothingAsked(first.key)
    return undefined
  }
}

function askOf(member: Limits, alone: boolean): Ask {
  if (!(member instanceof KeyedLimit)) {
    const source = permitSourceOf(member)
    return (_, only) => (only ? undefined : source)
  }
  const { key, byDefault } = member
  return (amounts, only, complete) => {
    if (amounts !== undefined && Object.hasOwn(amounts, key)) {
      return member[PERMIT_SOURCE]({ [key]: amounts[key] as number }, true)
    }
    if (!only && (alone || byDefault === 1)) return member[PERMIT_SOURCE](undefined, false)
    if (complete) throw notNamed(key)
    return undefined
  }
}

function refuseDuplicates(keys: readonly string[]): void {
  const twice = keys.find((key, index) => keys.indexOf(key) !== index)
  if (twice !== undefined) throw new RangeError(`limits must have different keys, got ${show(twice)} twice`)
}
