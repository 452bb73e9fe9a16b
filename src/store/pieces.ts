import { preciseNow } from '../base/clock.ts'
import { afterTurn } from '../base/platform.ts'

/** So many items, or so many milliseconds, until the event loop has its turn. */
const ITEMS = 500
const LONGEST = 5

/** Gives the event loop a turn, so that timers and sockets are not kept waiting. */
export function turn(): Promise<void> {
  return new Promise(resolve => afterTurn(resolve))
}

/** Takes the items one after another, with turns of the event loop in between where there are many of them. */
export async function inPieces<T>(items: Iterable<T>, take: (item: T) => void): Promise<void> {
  let taken = 0
  let since = preciseNow()
  for (const item of items) {
    take(item)
    if (++taken < ITEMS && preciseNow() - since < LONGEST) continue
    await turn()
    taken = 0
    since = preciseNow()
  }
}
