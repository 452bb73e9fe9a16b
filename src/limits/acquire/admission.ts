import { preciseNow, startTimer, type Timer } from '../../base/clock.ts'
import { PendingQueue } from '../../collections/pending-queue.ts'
import type { LimitAlgorithm } from '../algorithms/limit-algorithm.ts'
import { Waiter } from './waiter.ts'

/**
 * Who gets what, and when. Supplies are what is limited; a request ({@link Waiter}) stands in the {@link Line} of those
 * that need the same supplies; whenever something of a supply comes back, its lines are looked at ({@link dispatch}):
 *
 * 1. A request takes everything it needs at once or nothing, so nobody holds one thing while waiting for another.
 * 2. Whoever lacks room here is passed by nobody here: large requests get their turn.
 * 3. Whoever has room here but lacks something elsewhere is passed, or not, as {@link Waiter.reservesUntil} says.
 */

/** What hears of every change of a supply. */
interface SupplyWatch {
  changed(): void
}

/** Something limited, and the lines that wait for it. It has one timer, armed only while time alone will help someone. */
export class Supply {
  readonly algorithm: LimitAlgorithm
  /** What it is called in amounts and messages; a semaphore's has no name. */
  readonly key: string
  /** The lines in which requests wait for it. */
  readonly lines: Line[] = []
  /** What was taken of a rate for what has not begun: it counts until then, however long that takes. */
  postponed = 0
  /** For those who want to know when it is used up. */
  watch: SupplyWatch | undefined = undefined
  #timer: Timer | undefined
  #wakesAt = Number.POSITIVE_INFINITY

  constructor(algorithm: LimitAlgorithm, key = '') {
    this.algorithm = algorithm
    this.key = key
  }

  used(now: number): number {
    return this.algorithm.used(now) + this.postponed
  }

  get waiting(): number {
    return this.lines.reduce((sum, line) => sum + line.size, 0)
  }

  /** From now on there is more of it, or less. */
  resize(capacity: number): void {
    this.algorithm.resize(capacity, preciseNow())
    this.changed()
  }

  /** Something of it has come back: it goes to those who wait. */
  changed(): void {
    if (this.lines.length > 0) dispatch(this)
    this.watch?.changed()
  }

  /** Like the algorithm's, for amounts that were added up: more than there is will never be there. */
  availableAt(amount: number, now: number): number {
    const counted = amount + this.postponed
    return counted > this.algorithm.capacity ? Number.POSITIVE_INFINITY : this.algorithm.availableAt(counted, now)
  }

  /** Has the lines looked at again at `time`. An alarm that is set for earlier stays: it finds out what comes next. */
  wakeAt(time: number, now: number): void {
    if (time >= this.#wakesAt && this.lines.length > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
    this.#wakesAt = time
    if (time === Number.POSITIVE_INFINITY) return
    // Rounded up, and at least 1: a timer that fires too early would only be set again.
    this.#timer = startTimer(Math.max(1, Math.ceil(time - now)), () => {
      this.#timer = undefined
      this.#wakesAt = Number.POSITIVE_INFINITY
      dispatch(this)
    })
  }
}

/**
 * Requests that need the same supplies, by priority, and first come, first served within it. Since all its members compete
 * for the same things, only the head can be next; lines that share some supply go by the age of their heads.
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

  /** Takes all the amounts at once and says when, or takes nothing: no room, or an older request goes first. */
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
    waiter.cancel()
    return taken
  }

  takeAll(amounts: readonly number[], now: number): void {
    for (let i = 0; i < amounts.length; i++) {
      const supply = this.supplies[i] as Supply
      supply.algorithm.take(amounts[i] as number, now)
      supply.watch?.changed()
    }
  }

  /** Stands in line; `granted` is called with the time of taking, at once if it is its turn already. */
  enter(amounts: readonly number[], granted: (takenAt: number) => void, priority = 0): Waiter {
    return this.#enter(new Waiter(this, amounts, granted, priority))
  }

  /** Stands behind all others until `told`, and takes nothing. */
  lookOn(amounts: readonly number[], told: () => void): Waiter {
    return this.#enter(new Waiter(this, amounts, told, Number.NEGATIVE_INFINITY, false))
  }

  #enter(waiter: Waiter): Waiter {
    this.#waiters.push(waiter)
    if (this.head !== waiter) return waiter
    if (this.#waiters.size === 1) for (const supply of this.supplies) supply.lines.push(this)
    for (const supply of this.supplies) dispatch(supply)
    // Where nothing is limited, nothing will come back either.
    if (this.supplies.length === 0) this.grantHead(0)
    return waiter
  }

  leave(waiter: Waiter): void {
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

/** Grants whatever can be granted after something of `supply` came back, or after its lines changed. */
function dispatch(supply: Supply): void {
  if (!grantAlone(supply)) grantAmong(supply)
  else supply.wakeAt(Number.POSITIVE_INFINITY, 0)
}

/**
 * Grants while one line is all there is, and needs nothing else: neither time nor another has a say, which is quickly told.
 * Says whether that was all.
 */
function grantAlone(supply: Supply): boolean {
  for (;;) {
    if (supply.lines.length === 0) return true
    const line = supply.lines[0] as Line
    if (supply.lines.length > 1 || line.supplies.length > 1 || !supply.algorithm.returnable) return false
    if (supply.availableAt(headOf(line).amounts[0] as number, 0) > 0) return true
    line.grantHead(0)
  }
}

function grantAmong(supply: Supply): void {
  const now = preciseNow()
  const changed = [supply]
  for (let next = changed.pop(); next !== undefined; next = changed.pop()) {
    // After each grant everything is looked at afresh: the grant may have called back into us.
    for (let line = nextGrant(next, now); line !== undefined; line = nextGrant(next, now)) {
      line.grantHead(now)
      for (const other of line.supplies) if (other !== next && !changed.includes(other)) changed.push(other)
    }
  }
}

/** The line through `supply` whose head can be granted now; when there is none, the supply's timer is set. */
function nextGrant(supply: Supply, now: number): Line | undefined {
  return oldestWithRoom(supply, now, line =>
    line.supplies.every(other => other === supply || oldestWithRoom(other, now, older => older === line) !== undefined),
  )
}

/**
 * The first line of `supply`, by age, that has room there behind what older ones keep, and is `accepted`. When there is
 * none, the timer is set for the moment at which time alone may change that.
 */
function oldestWithRoom(supply: Supply, now: number, accepted: (line: Line) => boolean): Line | undefined {
  let kept = 0
  let keptUntil = Number.POSITIVE_INFINITY
  for (const line of byAge(supply)) {
    const needed = kept + amountOf(line, supply)
    const time = supply.availableAt(needed, now)
    if (time > now) {
      supply.wakeAt(Math.min(time, keptUntil), now)
      return undefined
    }
    if (accepted(line)) return line
    const until = headOf(line).reservesUntil(now)
    if (until === undefined) continue
    kept = needed
    keptUntil = Math.min(keptUntil, until)
  }
  supply.wakeAt(Number.POSITIVE_INFINITY, now)
  return undefined
}

function byAge({ lines }: Supply): readonly Line[] {
  return lines.length < 2 ? lines : lines.sort((a, b) => inTurn(headOf(a), headOf(b)))
}

function inTurn(a: Waiter, b: Waiter): number {
  return a.priority === b.priority ? a.arrival - b.arrival : b.priority - a.priority
}

function amountOf(line: Line, supply: Supply): number {
  return headOf(line).amounts[line.supplies.indexOf(supply)] as number
}

/** A line that stands at a supply is never empty. */
function headOf(line: Line): Waiter {
  return line.head as Waiter
}
