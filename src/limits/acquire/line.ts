import { preciseNow } from '../../base/clock.ts'
import { PendingQueue } from '../../collections/pending-queue.ts'
import { dispatch } from './dispatch.ts'
import type { Supply } from './supply.ts'
import { Waiter } from './waiter.ts'

/**
 * Requests that need the same supplies, by priority, and first come, first served within it. Since all its members compete for the same things, only
 * the head can be next; lines that share some supply go by the age of their heads.
 */
export class Line {
  readonly supplies: readonly Supply[]
  readonly #waiters = new PendingQueue<Waiter>()
  readonly #timed: boolean

  constructor(supplies: readonly Supply[]) {
    this.supplies = supplies
    this.#timed = supplies.some(supply => !supply.algorithm.returnable)
  }

  get size(): number {
    return this.#waiters.size
  }

  get head(): Waiter | undefined {
    return this.#waiters.peek()
  }

  /** Takes all the amounts at once and says when, or takes nothing: no room, or somebody's turn comes first. */
  take(amounts: readonly number[]): number | undefined {
    const now = this.#timed ? preciseNow() : 0
    let contested = false
    for (let i = 0; i < amounts.length; i++) {
      const supply = this.supplies[i] as Supply
      if (supply.availableAt(amounts[i] as number, now) > now) return undefined
      if (supply.lines.length > 0) contested = true
    }
    if (contested) return this.#takePassing(amounts)
    this.takeAll(amounts, now)
    return now
  }

  /** Those who wait may all lack something else: then it is theirs to be passed. Standing in line finds out. */
  #takePassing(amounts: readonly number[]): number | undefined {
    let taken: number | undefined
    const waiter = this.enter(amounts, takenAt => {
      taken = takenAt
    })
    this.leave(waiter)
    return taken
  }

  takeAll(amounts: readonly number[], now: number): void {
    for (let i = 0; i < amounts.length; i++) {
      const supply = this.supplies[i] as Supply
      supply.algorithm.take(amounts[i] as number, now)
      supply.room?.changed()
    }
  }

  /** Stands in line; `granted` is called with the time of taking, at once if it is its turn already. */
  enter(amounts: readonly number[], granted: (takenAt: number) => void, priority = 0): Waiter {
    return this.#enter(new Waiter(amounts, granted, priority))
  }

  /** Stands behind all others until `told`, and takes nothing. */
  lookOn(amounts: readonly number[], told: () => void): Waiter {
    return this.#enter(new Waiter(amounts, told, Number.NEGATIVE_INFINITY, false))
  }

  #enter(waiter: Waiter): Waiter {
    this.#waiters.push(waiter)
    if (this.head !== waiter) return waiter
    if (this.#waiters.size === 1) for (const supply of this.supplies) supply.lines.push(this)
    for (const supply of this.supplies) dispatch(supply)
    return waiter
  }

  /** Leaves the line; does nothing for one that has been granted. */
  leave(waiter: Waiter): void {
    if (waiter.position < 0) return
    const wasHead = waiter === this.head
    this.#remove(waiter)
    if (wasHead) for (const supply of this.supplies) dispatch(supply)
  }

  /** Gives the head what it asked for. The caller has made sure that it is there. */
  grantHead(now: number): void {
    const waiter = this.head as Waiter
    this.#remove(waiter)
    if (waiter.takes) this.takeAll(waiter.amounts, now)
    waiter.granted(now)
  }

  #remove(waiter: Waiter): void {
    this.#waiters.remove(waiter)
    if (this.#waiters.size > 0) return
    for (const { lines } of this.supplies) lines.splice(lines.indexOf(this), 1)
  }
}
