import { DEMAND, type Demand } from '../admission/demand.ts'
import type { Permit } from '../admission/permit.ts'
import { callback, show } from '../options.ts'
import { ForeignDemand } from './foreign.ts'
import type { Amounts, ForeignLimit, Limits } from './types.ts'
import { unknownKey } from './unknown-key.ts'

/** Anything with an `acquire` method. */
export function checkLimit(limits: Limits): void {
  if (limits === null || (typeof limits !== 'object' && typeof limits !== 'function')) {
    throw new TypeError(`a limit must be something with acquire(), got ${show(limits)}`)
  }
  callback('acquire of a limit', limits.acquire)
}

type Own = { readonly [DEMAND]?: (amounts: Amounts | undefined, only: boolean) => Demand<Permit> }

/**
 * What `limits` are to be asked for, with the amounts checked: ready to be requested as often as one likes. Foreign limits
 * have no keys, so no amounts either.
 *
 * Our own are known by their method, not by their classes, so that a manager without limits does not carry them all.
 */
export function demandOf(limits: Limits, amounts?: Amounts, only = false): Demand<Permit> {
  checkLimit(limits)
  const demand = (limits as Own)[DEMAND]?.(amounts, only)
  if (demand !== undefined) return demand
  refuseAmounts(amounts)
  return new ForeignDemand(limits as ForeignLimit)
}

/** For what has no keys. */
export function refuseAmounts(amounts: Amounts | undefined): void {
  for (const key in amounts) throw unknownKey(key, [])
}
