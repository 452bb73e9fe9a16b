import { preciseNow, startBackgroundTimer, type Timer } from '../../base/clock.ts'
import { outsideContext } from '../../base/platform.ts'
import type { Supply, SupplyWatch } from '../acquire/line.ts'

/** At the latest after so many milliseconds it is looked again whether a limit has anything to remember. */
const LOOK_AGAIN = 10_000

/** How many are looked at before the event loop has its turn. */
const PIECE = 10_000

/** One limit of many, and what it consists of, which has it stay as long as a permit of it or a request for it does. */
export class KeptLimit implements SupplyWatch {
  readonly limit: object
  readonly #rates: readonly Supply[]
  readonly #remembered: RememberedLimits
  /** Whether it stands among the remembered, and until when at least. */
  listed = false
  due = 0

  constructor(limit: object, supplies: readonly Supply[], remembered: RememberedLimits) {
    this.limit = limit
    this.#rates = supplies.filter(({ algorithm }) => !algorithm.returnable)
    this.#remembered = remembered
  }

  /** Something was taken or has come back. */
  changed(): void {
    if (!this.listed && this.#rates.length > 0) this.#remembered.add(this)
  }

  /** When all that was taken of its rates has come back; `undefined` if it has. */
  remembersUntil(now: number): number | undefined {
    let until: number | undefined
    for (const { algorithm, keeper } of this.#rates) {
      // What other keys have turned out to count by as well is nobody's to keep.
      if (keeper !== this || algorithm.used(now) === 0) continue
      const at = algorithm.availableAt(algorithm.capacity, now)
      until = Math.max(until ?? now + 1, at > now ? at : 0)
    }
    return until
  }
}

/**
 * The limits whose rates have something to remember: they stay, although nobody may have hold of them, until their windows
 * are over. First come, first looked at, and each at most once in a while, so that a look costs no more than a use.
 */
export class RememberedLimits {
  readonly #limits = new Set<KeptLimit>()
  #timer: Timer | undefined

  add(kept: KeptLimit): void {
    const now = preciseNow()
    kept.listed = true
    this.#push(kept, kept.remembersUntil(now) ?? now, now)
    if (this.#timer === undefined) this.#arm(now)
  }

  #push(kept: KeptLimit, until: number, now: number): void {
    kept.due = Math.min(until, now + LOOK_AGAIN)
    this.#limits.add(kept)
  }

  #look(): void {
    const now = preciseNow()
    let left = PIECE
    for (const kept of this.#limits) {
      if (kept.due > now || left === 0) break
      left -= 1
      this.#limits.delete(kept)
      const until = kept.remembersUntil(now)
      kept.listed = until !== undefined
      if (until !== undefined) this.#push(kept, until, now)
    }
    this.#arm(now)
  }

  #arm(now: number): void {
    this.#timer = undefined
    for (const { due } of this.#limits) {
      const delay = Math.max(1, Math.ceil(due - now))
      this.#timer = outsideContext(() => startBackgroundTimer(delay, () => this.#look()))
      return
    }
  }
}
