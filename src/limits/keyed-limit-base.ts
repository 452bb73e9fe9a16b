import type { Permit } from './acquire/permit.ts'
import { LimitBase } from './limit-base.ts'
import type { LimitPermit } from './types.ts'

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
