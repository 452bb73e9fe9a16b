import type { WaitOptions } from '../base/wait-timeout.ts'
import type { AcquireOptions, Acquisition } from './acquire/acquisition.ts'
import type { Permit } from './acquire/permit-source.ts'
import type { RoomEvent } from './acquire/room-watch.ts'

/** How much of what, by key: `{ tokens: 100 }`. Whole numbers from zero to the capacity. */
export type Amounts = Readonly<Record<string, number>>

/** What a limit granted. */
export interface LimitPermit extends Permit {
  /**
   * Says how much it turned out to be and gives the rest back at once: `update({ tokens: 80 })` of 100 that were acquired
   * gives back 20. Keys left out stay as they are; more than is held throws `RangeError`, and once released `TypeError`.
   *
   * What has flowed back with time meanwhile is not given back twice: a window that has passed stays passed, and a bucket
   * is never more than full.
   */
  update(amounts: Amounts): void
  /** Of a pool: the index of the member that granted it. */
  readonly member?: number
  /** Of a pool: the member itself. */
  readonly limit?: Limits
  /** @internal Says how much it turned out to be: more than was taken is owed, and when it was released rates count still. */
  settle(amounts: Amounts): void
}

/** What to take without waiting. */
export interface TryLimitOptions {
  /** Takes just what `amounts` names, where otherwise call and resource limits count 1. @default false */
  readonly only?: boolean
}

/** What to take, and how long to wait for it. */
export interface LimitAcquireOptions extends AcquireOptions, TryLimitOptions {}

/** What there is to be room for, and how long to wait for that. */
export interface LimitWaitOptions extends WaitOptions, TryLimitOptions {}

/** One limit at one moment. */
export interface LimitStats {
  /** How much counts as taken. */
  readonly used: number
  readonly available: number
  /** How many requests stand in its lines. */
  readonly waiting: number
  /** `used` as a share of the capacity, from 0 to 1. */
  readonly utilisation: number
}

/**
 * What limits have in common. Requests for the same things are granted in the order of the calls; everything that is asked
 * for is granted at once or not at all.
 */
export interface Acquirable {
  /**
   * Waits until all of it can be taken together. Await it or `yield*` it; the place in the line is taken by the call.
   *
   * Throws at once: `RangeError` for more than a capacity or for an unknown key, `TypeError` for what is no amount.
   * Rejects with `TaskTimeoutError`, with the reason of `signal`, or with what an external member threw.
   */
  acquire(amounts?: Amounts, options?: LimitAcquireOptions): Acquisition<LimitPermit>
  /** Takes all of it if that can be had now without passing anybody, else `undefined`. */
  tryAcquire(amounts?: Amounts, options?: TryLimitOptions): LimitPermit | undefined
  /**
   * Resolves when all of it can be taken and nobody waits for that; of a pool, from one of its members. It takes and keeps
   * nothing: by the time you ask, others may have taken it. Those who wait this way go behind all who acquire, and are told
   * in turn.
   *
   * Rejects with `TaskTimeoutError` or the reason of `signal`, with `DeadlockError` inside a task that holds it, as `acquire`
   * for wrong amounts, and with `TypeError` where a member is external or shared by machines, which can only be taken from.
   */
  whenAvailable(amounts?: Amounts, options?: LimitWaitOptions): Promise<void>
}

/** A single limit. Share it by handing the same object to several managers, sets or pools. */
export interface Limit extends Acquirable {
  readonly key: string
  /**
   * How much there is: a positive integer, or `Infinity` for no limit. Writable while it is in use: more is granted at once,
   * less takes nothing back. Who waits for more than there is now waits until there is as much again.
   */
  capacity: number
  /**
   * Calls `listener` when not one is left any more (`'exhausted'`), or when there is one again that was not
   * handed on (`'available'`; one who waits for more may still stand before you): in a microtask, if it is still so then. Returns the function that ends it. It keeps no process alive.
   */
  on(event: RoomEvent, listener: () => unknown): () => void
  /** How it stands at this moment. */
  stats(): LimitStats
}

/** Several limits that are taken together. */
export interface LimitSet extends Acquirable {
  /** By key; external members have none. */
  stats(): Readonly<Record<string, LimitStats>>
}

/** The statistics of whatever limits: of one limit, of a set by key, of a pool by place (nothing for external ones). */
export type LimitsStats = LimitStats | Readonly<Record<string, LimitStats>> | readonly (LimitsStats | undefined)[]

/** Several ways to the same thing, such as accounts or regions, of which each request takes one. */
export interface LimitPool extends Acquirable {
  /** Those of the members, in their order. */
  stats(): readonly (LimitsStats | undefined)[]
}

/** What an external limit grants: something with `release()`, `[Symbol.dispose]()` or `[Symbol.asyncDispose]()`. */
export type Releasable =
  | { readonly release: () => unknown }
  | { readonly [Symbol.dispose]: () => unknown }
  | { readonly [Symbol.asyncDispose]: () => PromiseLike<unknown> }

/**
 * Any other limit, after TC39's concurrency control proposal: a semaphore, say. A task that gives up waiting for it leaves it to
 * it when to answer, and gives back what comes too late. When its release fails, that goes to `console.error`.
 *
 * A manager asks it for a task when a slot is free, for as many tasks at a time as there are free slots. What comes when the
 * slots are gone is released at once, and asked for again later.
 */
export interface ExternalLimit {
  /** Grants something releasable, now or later. */
  acquire(): Releasable | PromiseLike<Releasable>
}

/** Whatever limits a task: one limit, a set, a pool, or an external one. */
export type Limits = Limit | LimitSet | LimitPool | ExternalLimit

/** @deprecated The name of {@link ExternalLimit} before. */
export type ForeignLimit = ExternalLimit
