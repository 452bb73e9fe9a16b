import { Acquisition } from './acquire/acquisition.ts'
import { DEMAND, type Demand } from './acquire/demand.ts'
import { whenAvailable } from './acquire/when-available.ts'
import { isOnly, isOnlyAwaited, isOnlyTried } from './acquire-options.ts'
import { cannotLookOn } from './cannot-look-on.ts'
import type {
  Acquirable,
  Amounts,
  LimitAcquireOptions,
  LimitPermit,
  LimitWaitOptions,
  TryLimitOptions,
} from './types.ts'

/** What every limit offers, on top of the demands it makes of amounts. */
export abstract class DemandMaker implements Acquirable {
  /** Checks the amounts, and has ready what is to be asked for. */
  abstract [DEMAND](amounts: Amounts | undefined, only: boolean, complete?: boolean): Demand<LimitPermit>

  acquire(amounts?: Amounts, options?: LimitAcquireOptions): Acquisition<LimitPermit> {
    return new Acquisition(this[DEMAND](amounts, isOnly(options)), options)
  }

  tryAcquire(amounts?: Amounts, options?: TryLimitOptions): LimitPermit | undefined {
    const demand = this[DEMAND](amounts, isOnlyTried(options))
    if (demand.immediate) return demand.take()
    throw new TypeError('tryAcquire cannot ask a foreign limit, which can only be waited for: use acquire')
  }

  async whenAvailable(amounts?: Amounts, options?: LimitWaitOptions): Promise<void> {
    const demand = this[DEMAND](amounts, isOnlyAwaited(options))
    if (!demand.immediate) throw cannotLookOn()
    return whenAvailable(demand, options)
  }
}
