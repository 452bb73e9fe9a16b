import { DEMAND, type Demand, NOT_WAITING, type Waiting } from '../admission/demand.ts'
import { oneOf, show } from '../options.ts'
import { DemandMaker } from './demand-maker.ts'
import { checkLimit } from './demand-of.ts'
import { namedDemandOf } from './named-demand-of.ts'
import type { Amounts, LimitPermit, LimitPool, Limits, LimitsStats } from './types.ts'

/** Whom a pool asks first: each member in its turn, or any. */
export type PoolOrder = 'round-robin' | 'random'

/**
 * Several ways to the same thing, say two accounts with a rate limit each: every request takes one of them. It begins with
 * the one whose turn it is and takes the first that has room; if none has, it waits in the line of the one it began with.
 *
 * Amounts are checked against every member, since each may be the one.
 *
 * ```ts
 * const accounts = limitPool([callLimit(20, 1_000), callLimit(50, 1_000)])
 * ```
 */
export function limitPool(members: readonly Limits[], order: PoolOrder = 'round-robin'): LimitPool {
  if (!Array.isArray(members)) throw new TypeError(`limits must be an array of limits, got ${show(members)}`)
  if (members.length === 0) throw new RangeError('limits must have at least one member, got an empty array')
  for (const member of members) checkLimit(member)
  return new Pool(members, oneOf('order', ['round-robin', 'random'], order))
}

class Pool extends DemandMaker implements LimitPool {
  readonly #members: readonly Limits[]
  readonly #pick: () => number

  constructor(members: readonly Limits[], order: PoolOrder) {
    super()
    this.#members = members
    let turn = 0
    this.#pick = order === 'random' ? () => Math.floor(Math.random() * members.length) : () => turn++ % members.length
  }

  [DEMAND](amounts: Amounts | undefined, only: boolean): Demand<LimitPermit> {
    return new PoolDemand(
      this.#members.map(member => namedDemandOf(member, amounts, only)),
      this.#pick,
    )
  }

  stats(): readonly (LimitsStats | undefined)[] {
    return this.#members.map(member => ('stats' in member ? member.stats() : undefined))
  }
}

class PoolDemand implements Demand<LimitPermit> {
  readonly immediate: boolean
  readonly #demands: readonly Demand<LimitPermit>[]
  readonly #pick: () => number

  constructor(demands: readonly Demand<LimitPermit>[], pick: () => number) {
    this.#demands = demands
    this.#pick = pick
    this.immediate = demands.some(demand => demand.immediate)
  }

  take(): LimitPermit | undefined {
    return this.#takeFrom(this.#pick())
  }

  request(granted: (permit: LimitPermit) => void, failed: (error: unknown) => void): Waiting {
    const first = this.#pick()
    const permit = this.#takeFrom(first)
    const chosen = this.#demands[first] as Demand<LimitPermit>
    if (permit === undefined) return chosen.request(granted, failed)
    granted(permit)
    return NOT_WAITING
  }

  #takeFrom(first: number): LimitPermit | undefined {
    for (let i = 0; i < this.#demands.length; i++) {
      const permit = this.#demands[(first + i) % this.#demands.length]?.take()
      if (permit !== undefined) return permit
    }
    return undefined
  }
}
