import { DEMAND, type Demand } from '../admission/demand.ts'
import type { Permit } from '../admission/permit.ts'
import { callback, show } from '../options.ts'
import { Semaphore } from '../semaphore.ts'
import { DemandMaker } from './demand-maker.ts'
import { ForeignDemand } from './foreign.ts'
import { JointDemand } from './joint.ts'
import { Members } from './members.ts'
import type { Amounts, ForeignLimit, LimitPermit, Limits } from './types.ts'
import { unknownKey } from './unknown-key.ts'

/** Anything with an `acquire` method. */
export function checkLimit(limits: Limits): void {
  if (limits === null || (typeof limits !== 'object' && typeof limits !== 'function')) {
    throw new TypeError(`a limit must be something with acquire(), got ${show(limits)}`)
  }
  callback('acquire of a limit', limits.acquire)
}

/**
 * What `limits` are to be asked for, with the amounts checked: ready to be requested as often as one likes. Semaphores and
 * foreign limits have no keys, so no amounts either.
 */
export function demandOf(limits: Limits, amounts?: Amounts, only = false): Demand<Permit> {
  checkLimit(limits)
  if (limits instanceof DemandMaker) return limits[DEMAND](amounts, only)
  for (const key in amounts) throw unknownKey(key, [])
  return limits instanceof Semaphore ? limits[DEMAND]() : new ForeignDemand(limits as ForeignLimit)
}

const NOTHING = new Members([])

/** Like {@link demandOf}, for permits that can be updated: without keys, there is nothing to update. */
export function namedDemandOf(limits: Limits, amounts?: Amounts, only = false): Demand<LimitPermit> {
  checkLimit(limits)
  if (limits instanceof DemandMaker) return limits[DEMAND](amounts, only)
  return new JointDemand([demandOf(limits, amounts, only)], NOTHING.demand({}, true))
}
