import { isRealTime, now } from '../base/clock.ts'
import { afterTurn } from '../base/platform.ts'

/** Milliseconds after which a turn of the event loop is asked for, and after as many again waited for. */
const SLICE = 5
/** So few starts are never held back, however long they take: a machine that is busy must not change what a test sees. */
const FEW = 16
/** So many items are taken in one call at least, for the same reason. */
const AT_ONCE = 256

/**
 * Gives the event loop of the process a turn about every 10 ms, however many tasks are ready to start: they would hold up
 * its timers and sockets, since each starts in a microtask of the one before.
 *
 * When the latest turn was is not known, and to ask for one costs as much as a task: it is asked for when `SLICE` has passed
 * since the last that is known of. A time that a clock of tests keeps is nothing to go by, and holds nothing back.
 */
class LoopTurns {
  /** Whether the next start has to wait for a turn. */
  overdue = false
  #since = now()
  #lookedAt = 0
  #started = 0
  #asked = false
  /** Who goes on after the turn, first come, first served. */
  readonly #held = new Set<() => void>()

  /** A task was started, and `at` this time of the clock it had got on. */
  started(at: number): void {
    this.#started += 1
    // Within the same millisecond there is nothing new: a look costs more than the start of a task should.
    if (at !== this.#lookedAt) this.#look(at)
  }

  /** Calls back after the next turn. The caller was held back. */
  hold(goOn: () => void): void {
    this.#held.add(goOn)
  }

  #look(at: number): void {
    this.#lookedAt = at
    const passed = at - this.#since
    if (passed >= 0 && passed < SLICE) return
    if (this.#asked) {
      this.overdue = this.#started >= FEW && isRealTime()
      return
    }
    this.#asked = true
    this.#since = at
    this.#started = 0
    afterTurn(this.#turned)
  }

  readonly #turned = (): void => {
    this.#asked = this.overdue = false
    this.#since = now()
    this.#started = 0
    for (const goOn of this.#held) {
      // The others have their share after the next turn, before those that have had theirs.
      if (this.overdue) return
      this.#held.delete(goOn)
      goOn()
    }
  }
}

/** One for all managers, as there is one event loop for them. */
export const loopTurns = new LoopTurns()

/** Takes the items in this very call as far as they go within a slice, and the others after turns of the event loop. */
export function takeInTurns<T>(items: readonly T[], take: (item: T) => void, done: () => void, from = 0): void {
  const since = now()
  for (let index = from; index < items.length; index++) {
    take(items[index] as T)
    if (index % AT_ONCE === AT_ONCE - 1 && now() - since >= 2 * SLICE && isRealTime()) {
      afterTurn(() => takeInTurns(items, take, done, index + 1))
      return
    }
  }
  done()
}
