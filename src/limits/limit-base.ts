import { Acquisition } from './acquire/acquisition.ts'
import { PERMIT_SOURCE, type PermitSource } from './acquire/permit-source.ts'
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

/** What every limit offers, on top of the sources it makes of amounts. */
export abstract class LimitBase implements Acquirable {
  /** Checks the amounts, and has ready what is to be asked for. */
  abstract [PERMIT_SOURCE](amounts: Amounts | undefined, only: boolean, complete?: boolean): PermitSource<LimitPermit>

  acquire(amounts?: Amounts, options?: LimitAcquireOptions): Acquisition<LimitPermit> {
    return new Acquisition(this[PERMIT_SOURCE](amounts, isOnly(options)), options)
  }

  tryAcquire(amounts?: Amounts, options?: TryLimitOptions): LimitPermit | undefined {
    const source = this[PERMIT_SOURCE](amounts, isOnlyTried(options))
    if (source.immediate) return source.tryAcquire()
    throw new TypeError('tryAcquire cannot ask an external limit, which can only be waited for: use acquire')
  }

  async whenAvailable(amounts?: Amounts, options?: LimitWaitOptions): Promise<void> {
    const source = this[PERMIT_SOURCE](amounts, isOnlyAwaited(options))
    if (!source.immediate) throw cannotLookOn()
    return whenAvailable(source, options)
  }
}
