import { Acquisition } from '../admission/acquisition.ts'
import { DEMAND, type Demand } from '../admission/demand.ts'
import { boolean, type Known, knownOptions } from '../options.ts'
import { WAIT_OPTIONS } from '../wait-limit.ts'
import type { Acquirable, Amounts, LimitAcquireOptions, LimitPermit, TryLimitOptions } from './types.ts'

const TRY_OPTIONS: Known<TryLimitOptions> = { only: true }
const ACQUIRE_OPTIONS: Known<LimitAcquireOptions> = { ...TRY_OPTIONS, ...WAIT_OPTIONS }

/** What every limit offers, on top of the demands it makes of amounts. */
export abstract class DemandMaker implements Acquirable {
  /** Checks the amounts, and has ready what is to be asked for. */
  abstract [DEMAND](amounts: Amounts | undefined, only: boolean): Demand<LimitPermit>

  acquire(amounts?: Amounts, options?: LimitAcquireOptions): Acquisition<LimitPermit> {
    return new Acquisition(this[DEMAND](amounts, isOnly(knownOptions('options', options, ACQUIRE_OPTIONS))), options)
  }

  tryAcquire(amounts?: Amounts, options?: TryLimitOptions): LimitPermit | undefined {
    const demand = this[DEMAND](amounts, isOnly(knownOptions('options', options, TRY_OPTIONS)))
    if (demand.immediate) return demand.take()
    throw new TypeError('tryAcquire cannot ask a foreign limit, which can only be waited for: use acquire')
  }
}

function isOnly(options: TryLimitOptions | undefined): boolean {
  const { only = false } = options ?? {}
  return boolean('only', only)
}
