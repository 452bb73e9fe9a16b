import type { Demand } from '../admission/demand.ts'
import { DEMAND } from '../admission/demand.ts'
import { DemandMaker } from './demand-maker.ts'
import { checkLimit, demandOf } from './demand-of.ts'
import { JointDemand } from './joint.ts'
import { Members } from './members.ts'
import type { Amounts, LimitPermit, Limits } from './types.ts'

const NOTHING = new Members([])

/** Like {@link demandOf}, for permits that can be updated: without keys, there is nothing to update. */
export function namedDemandOf(limits: Limits, amounts?: Amounts, only = false): Demand<LimitPermit> {
  checkLimit(limits)
  if (limits instanceof DemandMaker) return limits[DEMAND](amounts, only)
  return new JointDemand([demandOf(limits, amounts, only)], NOTHING.demand({}, true))
}
