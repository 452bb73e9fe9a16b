import { preciseNow } from '../../base/clock.ts'
import { IndexedHeap } from '../../collections/indexed-heap.ts'
import type { Queued } from '../../collections/queued.ts'
import type { Line, Supply, SupplyRivals } from './line.ts'
import type { Waiter } from './waiter.ts'

/** For this long a request lets others pass before it begins to insist, in milliseconds. */
const PATIENCE = 100

/** A line at one of its supplies, where it has the place of its head. */
interface Stand extends Queued {
  readonly line: Line
  priority: number
}

/** From now on several lines may want each of these supplies, and one line several of them. */
export function letCompete(supplies: readonly Supply[]): void {
  for (const supply of supplies) if (supply.rivals === undefined) supply.setRivals(new Rivals(supply))
}

/**
 * The lines that want one supply. They go by the age of their heads: a request that has room here but lacks something elsewhere is
 * passed, or not, as {@link reservesUntil} says.
 */
class Rivals implements SupplyRivals {
  readonly #supply: Supply
  /** However many lines there are, one look finds the next. */
  readonly #heap = new IndexedHeap<Stand>()
  readonly #stands = new Map<Line, Stand>()

  constructor(supply: Supply) {
    this.#supply = supply
  }

  get size(): number {
    return this.#heap.size
  }

  get sole(): Line | undefined {
    const line = this.#heap.size === 1 ? this.#heap.peek()?.line : undefined
    return line?.supplies.length === 1 ? line : undefined
  }

  get waiting(): number {
    return this.#heap.values().reduce((sum, { line }) => sum + line.size, 0)
  }

  place(line: Line, head: Waiter | undefined): void {
    const stand = this.#stands.get(line)
    if (head === undefined) {
      this.#stands.delete(line)
      if (stand !== undefined) this.#heap.remove(stand)
    } else if (stand === undefined) {
      const { priority, sequence } = head
      const made = { line, priority, sequence, position: -1 }
      this.#stands.set(line, made)
      this.#heap.push(made)
    } else {
      stand.priority = head.priority
      stand.sequence = head.sequence
      this.#heap.rerank(stand)
    }
  }

  handOn(): void {
    const now = preciseNow()
    const changed: Supply[] = [this.#supply]
    for (let next = changed.pop(); next !== undefined; next = changed.pop()) {
      const rivals = next.rivals as Rivals
      // After each grant everything is looked at afresh: the grant may have called back into us.
      for (let line = rivals.#nextGrant(now); line !== undefined; line = rivals.#nextGrant(now)) {
        line.grantHead(now)
        for (const other of line.supplies) if (other !== next && !changed.includes(other)) changed.push(other)
      }
    }
  }

  /** The line whose head can be granted now; when there is none, the timer of the supply is set. */
  #nextGrant(now: number): Line | undefined {
    return this.#oldestWithRoom(now, line =>
      line.supplies.every(
        ({ rivals }) =>
          rivals === this || (rivals as Rivals).#oldestWithRoom(now, older => older === line) !== undefined,
      ),
    )
  }

  /**
   * The first line, by age, that has room here behind what older ones keep, and is `accepted`. When there is none, the timer
   * is set for the moment at which time alone may change that.
   */
  #oldestWithRoom(now: number, accepted: (line: Line) => boolean): Line | undefined {
    const supply = this.#supply
    /** Out of the way, for the next to be found. Nobody is called meanwhile who could look. */
    const passed: Stand[] = []
    let found: Line | undefined
    let wakeAt = Number.POSITIVE_INFINITY
    let kept = 0
    let keptUntil = Number.POSITIVE_INFINITY
    for (let stand = this.#heap.peek(); stand !== undefined; stand = this.#heap.peek()) {
      const { line } = stand
      const head = line.head as Waiter
      const needed = kept + (head.amounts[line.supplies.indexOf(supply)] as number)
      const time = supply.availableAt(needed, now)
      if (time > now) {
        wakeAt = Math.min(time, keptUntil)
        break
      }
      if (accepted(line)) {
        found = line
        break
      }
      this.#heap.remove(stand)
      passed.push(stand)
      const until = reservesUntil(head, now)
      if (until === undefined) continue
      kept = needed
      keptUntil = Math.min(keptUntil, until)
    }
    for (const stand of passed) this.#heap.push(stand)
    if (found === undefined) supply.wakeAt(wakeAt, now)
    return found
  }
}

/**
 * Until when a request keeps for itself what it could take of one supply while it lacks another; `undefined` while it lets
 * others pass.
 *
 * Always letting pass, a request for two supplies might never meet both free at once. Never letting pass, it might keep
 * the very thing that the holder of the other one asks for next, and both would wait for ever. So it does both in
 * turn, each turn twice as long as the one before: it gets through once a turn is longer than the others hold (after
 * at most some five times as long), and nobody is held up longer than it has waited itself.
 */
function reservesUntil({ since }: Waiter, now: number): number | undefined {
  const turn = Math.floor(Math.log2((now - since) / PATIENCE))
  return turn >= 0 && turn % 2 === 0 ? since + PATIENCE * 2 ** (turn + 1) : undefined
}
