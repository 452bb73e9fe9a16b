import { shared } from '../../../src/distributed/limits/shared.ts'
import type { SharedLimit, SharedLimitOptions } from '../../../src/distributed/limits/types.ts'
import { callLimit, type Limit, rateLimit, resourceLimit } from '../../../src/index.ts'

/** For `describe.each`: all there is to share. */
export const KINDS = [
  'resource',
  'calls',
  'sliding-window',
  'fixed-window',
  'token-bucket',
  'leaky-bucket',
  'gcra',
] as const

export type Kind = (typeof KINDS)[number]
export const RATES = KINDS.filter(kind => kind !== 'resource')

/** What it is called in amounts. */
export function keyOf(kind: Kind): string {
  return kind === 'calls' ? 'calls' : 'units'
}

function limitOf(kind: Kind, capacity: number, per: number): Limit {
  if (kind === 'resource') return resourceLimit({ key: 'units', capacity })
  return kind === 'calls' ? callLimit(capacity, per) : rateLimit({ key: 'units', capacity, per, algorithm: kind })
}

export function sharedOf(kind: Kind, capacity: number, per: number, options: SharedLimitOptions): SharedLimit {
  return shared(limitOf(kind, capacity, per), options)
}
