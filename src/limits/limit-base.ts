import { boolean, type Known, knownOptions } from '../base/options.ts'
import { WAIT_OPTIONS } from '../base/wait-timeout.ts'
import { ACQUIRE_OPTIONS, Acquisition } from './acquire/acquisition.ts'
import type { Permit } from './acquire/permit-source.ts'
import { PERMIT_SOURCE, type PermitSource } from './acquire/permit-source.ts'
import { whenAvailable } from './acquire/when-available.ts'
import { cannotLookOn } from './errors.ts'
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

const TRY_OPTIONS: Known<TryLimitOptions> = { only: true }
const LIMIT_OPTIONS: Known<LimitAcquireOptions> = { ...TRY_OPTIONS, ...ACQUIRE_OPTIONS }
const WAIT: Known<LimitWaitOptions> = { ...TRY_OPTIONS, ...WAIT_OPTIONS }

/** Whether just what is named is to be taken; the other options are checked where they are used. */
export function isOnly(options: LimitAcquireOptions | undefined): boolean {
  return only(knownOptions('options', options, LIMIT_OPTIONS))
}

/** Like {@link isOnly}, where nothing is waited for. */
function isOnlyTried(options: TryLimitOptions | undefined): boolean {
  return only(knownOptions('options', options, TRY_OPTIONS))
}

/** Like {@link isOnly}, where nothing is taken. */
function isOnlyAwaited(options: LimitWaitOptions | undefined): boolean {
  return only(knownOptions('options', options, WAIT))
}

function only(options: TryLimitOptions | undefined): boolean {
  const { only: told = false } = options ?? {}
  return boolean('only', told)
}

/** A limit with a key that counts elsewhere. In a set it is asked by itself, before what is counted here. */
export abstract class KeyedLimit extends LimitBase {
  abstract readonly key: string
  /** How much of it is taken in a set that is not told. */
  abstract readonly byDefault: 0 | 1
}

/** What such a limit grants. */
export interface KeyedPermit extends LimitPermit {
  readonly key: string
}

export function isKeyed(permit: Permit): permit is KeyedPermit {
  return 'key' in permit
}
