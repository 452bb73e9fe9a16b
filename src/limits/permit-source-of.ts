import { callback, show } from '../base/options.ts'
import { PERMIT_SOURCE, type PermitSource } from './acquire/permit-source.ts'
import { refuseAmounts } from './errors.ts'
import { ExternalSource } from './external.ts'
import type { Amounts, ExternalLimit, LimitPermit, Limits } from './types.ts'

/** Anything with an `acquire` method. */
export function checkLimit(limits: Limits): void {
  if (Array.isArray(limits))
    throw new TypeError('limits must be one limit, got an array: write limits([…]) for several')
  if (limits === null || (typeof limits !== 'object' && typeof limits !== 'function')) {
    throw new TypeError(`a limit must be something with acquire(), got ${show(limits)}`)
  }
  const { acquire } = limits as Partial<ExternalLimit>
  if (typeof limits === 'function' && acquire === undefined) {
    throw new TypeError(
      'a limit must be something with acquire(), got a function: call it, as in limits: perHost(url.host); only map, task and TaskWorker take a function, of the item or the arguments',
    )
  }
  callback('acquire of a limit', acquire)
}

type Own = {
  readonly [PERMIT_SOURCE]?: (
    amounts: Amounts | undefined,
    only: boolean,
    complete: boolean,
  ) => PermitSource<LimitPermit>
}

/**
 * What `limits` are to be asked for, with the amounts checked: ready to be requested as often as one likes. External limits
 * have no keys, so no amounts either. `complete` amounts name every rate in a set: none shall be free by oversight.
 *
 * Our own are known by their method, not by their classes, so that a manager without limits does not carry them all.
 */
export function permitSourceOf(
  limits: Limits,
  amounts?: Amounts,
  only = false,
  complete = false,
): PermitSource<LimitPermit> {
  checkLimit(limits)
  const source = (limits as Own)[PERMIT_SOURCE]?.(amounts, only, complete)
  if (source !== undefined) return source
  refuseAmounts(amounts)
  return new ExternalSource(limits as ExternalLimit)
}
