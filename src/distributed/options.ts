import { LONGEST_TIMER } from '../base/clock.ts'
import { callback, finiteCapacity, interval, type Known, requiredOptions, show, string } from '../base/options.ts'
import { hideLikely } from '../connection/secrets.ts'
import type { Connection, Server } from '../connection/target.ts'
import { serverOf } from '../connection/target.ts'
import { isKept } from './protocol/kept-text.ts'

/** Where calls go in the mode distributed. */
export interface DistributedOptions {
  /** The queue that callers and workers have in common: any name without `:`. Required in the mode distributed. */
  readonly queue?: string
  /** The server that has the queue. Required in the mode distributed. */
  readonly connection?: Connection
  /** What the keys of the queue begin with in a Redis; callers and workers must agree. @default 'bull' */
  readonly prefix?: string
  /** Milliseconds until calls fail with `ConnectionError` when the server can't be reached. @default 10_000 */
  readonly connectTimeout?: number
  /** How many bytes the arguments of a call may take when they are written out, and a result that arrives. @default 16_777_216 */
  readonly maxBytes?: number
}

/** A function of the arguments. A method, so that options made elsewhere fit: see `retryUntil`. */
export type OfArguments<A extends readonly unknown[], T> = { of(...args: A): T }['of']

/** Calls that are the same call. */
export interface SharedCallOptions<A extends readonly unknown[] = readonly unknown[]> {
  /**
   * Calls of one function with the same key are one while it is in flight, in the mode distributed those of whatever process:
   * it runs once, and all of them get its result. A cancelled one leaves it to the others; the last one stops it. Other modes
   * know `onDuplicate` and `keepKeyFor` too. Not for `map`, but in the mode distributed.
   */
  readonly key?: string | OfArguments<A, string>
  /**
   * Only in the mode distributed. Keeps results on the server for `ttl` milliseconds: the same call is not run again. Failures are not kept. Without a
   * `key` the same call is one with the same arguments.
   */
  readonly cache?: { readonly ttl: number }
}

export const DISTRIBUTED_OPTIONS: Known<DistributedOptions> = {
  queue: true,
  connection: true,
  prefix: true,
  connectTimeout: true,
  maxBytes: true,
}

/** The options of the mode, checked. */
export interface DistributedSettings {
  readonly queue: string
  readonly server: Server
  readonly prefix: string | undefined
  readonly connectTimeout: number
  readonly maxBytes: number
}

export function distributedSettings(options: DistributedOptions): DistributedSettings {
  const { queue, connection, prefix, connectTimeout = 10_000, maxBytes = 2 ** 24 } = options
  if (connection === undefined)
    throw new TypeError("connection is missing: the mode 'distributed' needs the URL of its server")
  return {
    queue: queueName(queue),
    server: serverOf(connection),
    prefix: prefix === undefined ? undefined : nameOnServer('prefix', prefix),
    connectTimeout: Math.min(interval('connectTimeout', connectTimeout), LONGEST_TIMER),
    maxBytes: finiteCapacity('maxBytes', maxBytes),
  }
}

function queueName(queue: string | undefined): string {
  if (queue === undefined) throw new TypeError("queue is missing: the mode 'distributed' needs the name of its queue")
  if (nameOnServer('queue', queue) !== '' && !queue.includes(':')) return queue
  throw new RangeError(`queue must be a name without ':', got ${show(hideLikely(queue))}`)
}

/** A name that a server gets and must keep. */
export function nameOnServer(option: string, name: string): string {
  if (isKept(string(option, name))) return name
  throw new RangeError(`${option} must be a name of whole characters and without NUL, got ${show(name)}`)
}

/** Throws for a wrong `key` or `cache`. */
export function checkSharedCall({ key, cache }: SharedCallOptions): void {
  if (key !== undefined && typeof key !== 'string') callback('key', key)
  if (cache !== undefined) interval('cache.ttl', requiredOptions('cache', cache, { ttl: true }).ttl)
}
