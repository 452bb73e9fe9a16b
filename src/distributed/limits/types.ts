import type { Connection } from '../../connection/target.ts'
import type { Acquisition } from '../../limits/acquire/acquisition.ts'
import type { Amounts, LimitAcquireOptions, LimitPermit } from '../../limits/types.ts'

/** Where machines count together, and what they call it. */
export interface SharedLimitOptions {
  /** The Redis or PostgreSQL that counts. */
  readonly connection: Connection
  /** What the machines have in common: those who use the same name (and prefix, and kind of limit) share one count. */
  readonly name: string
  /** Begins every name on the server. @default 'taskscope' */
  readonly prefix?: string
  /** Milliseconds to reach the server, and after which an answer is no longer expected. @default 10_000 */
  readonly connectTimeout?: number
  /**
   * Milliseconds for which a resource counts as held after its machine was last heard of; while it lives it is heard of
   * three times as often. @default 30_000
   */
  readonly lease?: number
}

/** A limit that all machines share who call it by the same name. */
export interface SharedLimit extends AsyncDisposable {
  readonly key: string
  readonly capacity: number
  /** What it is called on the server. */
  readonly name: string
  /**
   * Waits until all of it can be taken. Await it or `yield*` it; the place in this process's line is taken by the call.
   *
   * Throws at once: `RangeError` for more than the capacity or for an unknown key, `TypeError` for what is no amount.
   * Rejects with `TaskTimeoutError`, with the reason of `signal`, or with `ConnectionError`: the server was not reached
   * within `connectTimeout`, refuses, or the limit was closed. A server that was there once is waited for.
   */
  acquire(amounts?: Amounts, options?: LimitAcquireOptions): Acquisition<LimitPermit>
  /**
   * Ends the connection, once what was released is known to the server. A request that still waits gets a `ConnectionError`; what
   * is still held counts for another `lease`.
   */
  close(): Promise<void>
}
