import { capacity, type Known, requiredOptions, string } from '../base/options.ts'
import { Concurrency } from './algorithms/concurrency.ts'
import { SingleLimit } from './single-limit.ts'
import type { Limit } from './types.ts'

/** What a resource limit is. */
export interface ResourceLimitOptions {
  /** What it is called in amounts. */
  readonly key: string
  /** How much of it there is: a positive integer or `Infinity`. */
  readonly capacity: number
}

const RESOURCE_LIMIT_OPTIONS: Known<ResourceLimitOptions> = { key: true, capacity: true }

/**
 * Something of which only so much can be held at a time: connections, licences, megabytes. It comes back when the permit
 * is released. Counts 1 unless another amount is named.
 *
 * ```ts
 * const connections = resourceLimit({ key: 'connections', capacity: 10 })
 * ```
 */
export function resourceLimit(options: ResourceLimitOptions): Limit {
  const { key, capacity: size } = requiredOptions('options', options, RESOURCE_LIMIT_OPTIONS)
  return new SingleLimit(string('key', key), new Concurrency(capacity('capacity', size)), 1)
}
