import { preciseNow, startTimer, type Timer } from '../../base/clock.ts'
import { OrderedQueue } from '../../collections/queues.ts'
import type { LimitAlgorithm } from '../algorithms/limit-algorithm.ts'
import type { Excess, Permit, PermitSource, Requester, Waiting } from './permit-source.ts'
import { CallbackWaiter, Waiter } from './waiter.ts'

/**
 * Who gets what, and when. Supplies are what is limited; a request ({@link Waiter}) stands in the {@link Line} of those
 * that need the same supplies; whenever something of a supply comes back, it is handed on:
 *
 * 1. A request takes everything it needs at once or nothing, so nobody holds one thing while waiting for another.
 * 2. A request that lacks room here is passed by none here: large requests get their turn.
 *
 * A supply that has one line hands on by itself. Where sets have several lines want the same, rivals decide: `rivals.ts`.
 */

/** What hears of every change of a supply. */
export interface SupplyWatch {
  changed(): void
}

/** The lines that want the same supply, once there may be several. */
export interface SupplyRivals {
  /** How many of them there are now. */
  readonly size: number
  /** The one that is there, if it needs nothing else. */
  readonly sole: Line | undefined
  readonly waiting: number
  /** The line has this head now, or none any more. */
  place(line: Line, head: Waiter | undefined): void
  /** Grants whatever can be granted. */
  handOn(): void
}

/** Something limited, and the requests that wait for it. It has one timer, armed only while time alone will help one. */
export class Supply {
  readonly algorithm: LimitAlgorithm
  /** What it is called in amounts and messages; a semaphore's has no name. */
  readonly key: string
  /** What was taken of a rate for what has not begun: it counts until then, however long that takes. */
  postponed = 0
  /** For those who want to know when it is used up. */
  watch: SupplyWatch | undefined = undefined
  /** Of one limit of many: has that stay as long as this does, and as there is something to remember. */
  keeper: SupplyWatch | undefined = undefined
  #line: Line | undefined = undefined
  #rivals: SupplyRivals | undefined = undefined
  #timer: Timer | undefined = undefined
  #wakesAt = Number.POSITIVE_INFINITY

  constructor(algorithm: LimitAlgorithm, key = '') {
    this.algorithm = algorithm
    this.key = key
  }

  used(now: number): number {
    return this.algorithm.used(now) + this.postponed
  }

  /** How many requests stand in its lines. */
  get waiting(): number {
    return this.#rivals?.waiting ?? this.#line?.size ?? 0
  }

  /** Whether a request waits for it. */
  get wanted(): boolean {
    return this.#rivals === undefined ? this.#line !== undefined : this.#rivals.size > 0
  }

  get rivals(): SupplyRivals | undefined {
    return this.#rivals
  }

  /** From now on several lines may want it. */
  setRivals(rivals: SupplyRivals): void {
    this.#rivals = rivals
    if (this.#line !== undefined) rivals.place(this.#line, this.#line.head)
    this.#line = undefined
  }

  /** The line has this head now, or none any more. */
  place(line: Line, head: Waiter | undefined): void {
    if (this.#rivals !== undefined) this.#rivals.place(line, head)
    else this.#line = head && line
  }

  /** From now on there is more of it, or less. */
  resize(capacity: number): void {
    this.algorithm.resize(capacity, preciseNow())
    this.changed()
  }

  /** Something of it has come back: it goes to those who wait. */
  changed(): void {
    if (this.wanted) this.handOn()
    this.tell()
  }

  /** Something was taken, or has come back. */
  tell(): void {
    this.watch?.changed()
    this.keeper?.changed()
  }

  /** Like the algorithm's, for amounts that were added up: more than there is will never be there. */
  availableAt(amount: number, now: number): number {
    const counted = amount + this.postponed
    return counted > this.algorithm.capacity ? Number.POSITIVE_INFINITY : this.algorithm.availableAt(counted, now)
  }

  /** Grants whatever can be granted after something came back, or after a request came or went. */
  handOn(): void {
    // A grant may call back into us: after each, everything is looked at afresh.
    for (let line = this.#sole; line !== undefined; line = this.#sole) {
      const now = line.now()
      const time = this.availableAt((line.head as Waiter).amounts[0] as number, now)
      if (time > now) return this.wakeAt(time, now)
      line.grantHead(now)
    }
    if (this.wanted) this.#rivals?.handOn()
    else this.wakeAt(Number.POSITIVE_INFINITY, 0)
  }

  get #sole(): Line | undefined {
    return this.#rivals === undefined ? this.#line : this.#rivals.sole
  }

  /** Has it handed on at `time`. An alarm that is set for earlier stays: it finds out what comes next. */
  wakeAt(time: number, now: number): void {
    if (time >= this.#wakesAt && this.wanted) return
    this.#timer?.cancel()
    this.#timer = undefined
    this.#wakesAt = time
    if (time === Number.POSITIVE_INFINITY) return
    // Rounded up, and at least 1: a timer that fires too early would only be set again.
    this.#timer = startTimer(Math.max(1, Math.ceil(time - now)), () => {
      this.#timer = undefined
      this.#wakesAt = Number.POSITIVE_INFINITY
      this.handOn()
    })
  }
}

/**
 * Requests that need the same supplies, by priority, and first come, first served within it. Since all its members compete
 * for the same things, only the head can be next.
 */
export class Line {
  readonly supplies: readonly Supply[]
  readonly #waiters = new OrderedQueue<Waiter>()
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

  /** The time, where it has a say. */
  now(): number {
    return this.#timed ? preciseNow() : 0
  }

  /** Takes all the amounts at once and says when, or takes nothing: no room, or an older request goes first. */
  take(amounts: readonly number[]): number | undefined {
    const now = this.now()
    let wanted = false
    for (let i = 0; i < amounts.length; i++) {
      const supply = this.supplies[i] as Supply
      if (supply.availableAt(amounts[i] as number, now) > now) return undefined
      if (supply.wanted) wanted = true
    }
    if (wanted) return this.#takePassing(amounts)
    this.#takeAll(amounts, now)
    return now
  }

  /** Those who wait may all lack something else: then it is theirs to be passed. Standing in line finds out. */
  #takePassing(amounts: readonly number[]): number | undefined {
    let taken: number | undefined
    const granted = (takenAt: number) => {
      taken = takenAt
    }
    this.enter(new CallbackWaiter(this, amounts, granted)).cancel()
    return taken
  }

  #takeAll(amounts: readonly number[], now: number): void {
    for (let i = 0; i < amounts.length; i++) {
      const supply = this.supplies[i] as Supply
      supply.algorithm.take(amounts[i] as number, now)
      supply.tell()
    }
  }

  /** Has it stand in line; it is granted at once if it is its turn already. */
  enter(waiter: Waiter): Waiter {
    this.#waiters.push(waiter)
    if (this.head !== waiter) return waiter
    this.#place(waiter)
    for (const supply of this.supplies) supply.handOn()
    // Where nothing is limited, nothing will come back either.
    if (this.supplies.length === 0) this.grantHead(0)
    return waiter
  }

  leave(waiter: Waiter): void {
    if (this.#remove(waiter)) for (const supply of this.supplies) supply.handOn()
  }

  /** Gives the head what it asked for. The caller has made sure that it is there. */
  grantHead(now: number): void {
    const waiter = this.head as Waiter
    this.#remove(waiter)
    if (waiter.takes) this.#takeAll(waiter.amounts, now)
    waiter.granted(now)
  }

  /** Whether it was the head. */
  #remove(waiter: Waiter): boolean {
    const wasHead = waiter === this.head
    this.#waiters.remove(waiter)
    if (wasHead) this.#place(this.head)
    return wasHead
  }

  #place(head: Waiter | undefined): void {
    for (const supply of this.supplies) supply.place(this, head)
  }
}

/** How a permit is made of a line, what was taken there and when. */
export type MakePermit<P extends Permit> = (line: Line, amounts: readonly number[], takenAt: number) => P

/** Asks one line for fixed amounts. */
export class LineSource<P extends Permit> implements PermitSource<P> {
  readonly immediate = true
  readonly line: Line
  readonly #amounts: readonly number[]
  readonly #makePermit: MakePermit<P>

  constructor(line: Line, amounts: readonly number[], makePermit: MakePermit<P>) {
    this.line = line
    this.#amounts = amounts
    this.#makePermit = makePermit
  }

  tryAcquire(): P | undefined {
    const takenAt = this.line.take(this.#amounts)
    return takenAt === undefined ? undefined : this.permit(takenAt)
  }

  acquire(requester: Requester<P>, priority = 0): Waiting {
    return this.line.enter(new PermitWaiter(this, this.#amounts, requester, priority))
  }

  permit(takenAt: number): P {
    return this.#makePermit(this.line, this.#amounts, takenAt)
  }

  whenRoom(told: () => void): Waiting {
    return this.line.enter(new CallbackWaiter(this.line, this.#amounts, told, Number.NEGATIVE_INFINITY, false))
  }

  exceeds(permit: Permit): Excess | undefined {
    for (const [index, supply] of this.line.supplies.entries()) {
      const { key, algorithm } = supply
      const asked = this.#amounts[index] as number
      const held = permit.holds(supply)
      // What comes back with time is only waited for.
      if (algorithm.returnable && held > 0 && held + asked > algorithm.capacity) {
        return { key, asked, held, capacity: algorithm.capacity }
      }
    }
    return undefined
  }
}

/** Without a function of its own: many of them may stand in a line. */
class PermitWaiter<P extends Permit> extends Waiter {
  readonly #source: LineSource<P>
  readonly #requester: Requester<P>

  constructor(source: LineSource<P>, amounts: readonly number[], requester: Requester<P>, priority: number) {
    super(source.line, amounts, priority)
    this.#source = source
    this.#requester = requester
  }

  granted(takenAt: number): void {
    this.#requester.granted(this.#source.permit(takenAt))
  }
}
