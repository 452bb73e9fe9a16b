import { callback, show } from '../base/options.ts'
import { DEMAND, type Demand } from './acquire/demand.ts'
import { ForeignDemand } from './foreign.ts'
import type { Amounts, ForeignLimit, LimitPermit, Limits } from './types.ts'
import { refuseAmounts } from './unknown-key.ts'

/** Anything with an `acquire` method. */
export function checkLimit(limits: Limits): void {
  if (Array.isArray(limits))
    throw new TypeError('limits must be one limit, got an array: write limits([…]) for several')
  if (limits === null || (typeof limits !== 'object' && typeof limits !== 'function')) {
    throw new TypeError(`a limit must be something with acquire(), got ${show(limits)}`)
  }
  callback('acquire of a limit', limits.acquire)
}

type Own = {
  readonly [DEMAND]?: (amounts: Amounts | undefined, only: boolean, complete: boolean) => Demand<LimitPermit>
}

/**
 * What `limits` are to be asked for, with the amounts checked: ready to be requested as often as one likes. Foreign limits
 * have no keys, so no amounts either. `complete` amounts name every rate in a set: none shall be free by oversight.
 *
 * Our own are known by their method, not by their classes, so that a manager without limits does not carry them all.
 */
export function demandOf(limits: Limits, amounts?: Amounts, only = false, complete = false): Demand<LimitPermit> {
  checkLimit(limits)
  const demand = (limits as Own)[DEMAND]?.(amounts, only, complete)
  if (demand !== undefined) return demand
  refuseAmounts(amounts)
  return new ForeignDemand(limits as ForeignLimit)
}
