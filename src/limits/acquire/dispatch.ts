import { preciseNow } from '../../base/clock.ts'
import type { Line } from './line.ts'
import type { Supply } from './supply.ts'
import type { Waiter } from './waiter.ts'

/**
 * Grants whatever can be granted after something of `supply` came back, or after its lines changed. The rules:
 *
 * 1. A request takes everything it needs at once or nothing, so nobody holds one thing while waiting for another.
 * 2. Whoever lacks room here is passed by nobody here: large requests get their turn.
 * 3. Whoever has room here but lacks something elsewhere is passed, or not, as {@link Waiter.reservesUntil} says.
 */
export function dispatch(supply: Supply): void {
  grantAlone(supply)
  if (supply.lines.length === 0) supply.wakeAt(Number.POSITIVE_INFINITY, 0)
  else grantAmong(supply)
}

/** Grants while one line is all there is, and needs nothing else: neither time nor another has a say, which is quickly told. */
function grantAlone(supply: Supply): void {
  while (supply.algorithm.returnable && supply.lines.length === 1) {
    const line = supply.lines[0] as Line
    if (line.supplies.length > 1 || supply.availableAt(headOf(line).amounts[0] as number, 0) > 0) return
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
  let kept = 0
  let keptUntil = Number.POSITIVE_INFINITY
  for (const line of byAge(supply)) {
    const needed = kept + amountOf(line, supply)
    const time = supply.availableAt(needed, now)
    if (time > now) {
      supply.wakeAt(Math.min(time, keptUntil), now)
      return undefined
    }
    if (line.supplies.every(other => other === supply || hasRoom(other, line, now))) return line
    const until = headOf(line).reservesUntil(now)
    if (until === undefined) continue
    kept = needed
    keptUntil = Math.min(keptUntil, until)
  }
  supply.wakeAt(Number.POSITIVE_INFINITY, now)
  return undefined
}

/** Whether the head of `line` may take of `supply` as far as older requests are concerned; if not, the timer is set. */
function hasRoom(supply: Supply, line: Line, now: number): boolean {
  let kept = 0
  let keptUntil = Number.POSITIVE_INFINITY
  for (const older of byAge(supply)) {
    const needed = kept + amountOf(older, supply)
    const time = supply.availableAt(needed, now)
    if (time > now) {
      supply.wakeAt(Math.min(time, keptUntil), now)
      return false
    }
    if (older === line) break
    const until = headOf(older).reservesUntil(now)
    if (until === undefined) continue
    kept = needed
    keptUntil = Math.min(keptUntil, until)
  }
  return true
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
