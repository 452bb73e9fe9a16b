import { now, startBackgroundTimer, type Timer } from '../../base/clock.ts'
import { onNothingLeft } from '../../base/platform.ts'
import { currentTask } from '../current.ts'
import type { Waiter } from './wait.ts'
import { AWAITED, deadlockOf, findKnots, IDLE, lastWait, tasksOf, type View } from './wait-graph.ts'

type Knot = ReturnType<typeof findKnots>[number]

/** The watches over tasks that wait. */
export const watches = new Set<DeadlockWatch>()
let unlisten: (() => void) | undefined

/**
 * Looks after the tasks of one manager that wait for others. A wait that is not certain is refused when all tasks that it
 * is knotted with have stood still for `after` milliseconds: neither their statuses, their progress nor their waits
 * changed, and they spawned nothing.
 *
 * All waits are looked at together, once after so long and only if some began or ended: an `await` itself costs no search.
 */
export class DeadlockWatch {
  readonly after: number
  /** The tasks that wait. */
  readonly waiting = new Set<Waiter>()
  #timer: Timer | undefined

  constructor(after: number) {
    this.after = after
  }

  /** A wait of one of the tasks began or ended. */
  changed(task: Waiter): void {
    task.more().activeAt = now()
    if (!task.extras?.waits?.size) return this.#forget(task)
    this.waiting.add(task)
    watches.add(this)
    unlisten ??= onNothingLeft(breakKnots)
    this.#arm(this.after)
  }

  #forget(task: Waiter): void {
    if (!this.waiting.delete(task)) return
    if (this.waiting.size > 0) return this.#arm(this.after)
    this.#timer?.cancel()
    this.#timer = undefined
    watches.delete(this)
    if (watches.size > 0) return
    unlisten?.()
    unlisten = undefined
  }

  #arm(delay: number): void {
    this.#timer ??= startBackgroundTimer(delay, this.#check)
  }

  readonly #check = (): void => {
    this.#timer = undefined
    const stuck: Knot[] = []
    let soonest = Number.POSITIVE_INFINITY
    for (const knot of findKnots(this.waiting, AWAITED)) {
      const left = timeLeft(tasksOf(knot))
      if (left <= 0) stuck.push(knot)
      else soonest = Math.min(soonest, left)
    }
    if (soonest < Number.POSITIVE_INFINITY) this.#arm(soonest)
    for (const knot of stuck) breakKnot(knot, AWAITED)
  }
}

/** Until these tasks have stood still long enough for each of their managers. */
function timeLeft(tasks: readonly Waiter[]): number {
  let [longest, latest] = [0, 0]
  for (const task of tasks) {
    longest = Math.max(longest, task.owner.deadlocks.after)
    latest = Math.max(latest, task.updatedAt, task.extras?.activeAt ?? 0)
  }
  return latest + longest - now()
}

function breakKnot(knot: Knot, view: View): void {
  const wait = lastWait(knot, view)
  wait?.refuse(deadlockOf(wait, knot))
}

/** Nothing else can happen any more: refuses a wait of each knot that there is. Returns whether there was one. */
export function breakKnots(): boolean {
  const knots = findKnots(
    [...watches].flatMap(watch => [...watch.waiting]),
    IDLE,
  )
  for (const knot of knots) breakKnot(knot, IDLE)
  return knots.length > 0
}

/** The caller has spawned a task: if it waits, it does not stand still. */
export function noteSpawn(): void {
  const extras = currentTask.getStore()?.extras
  if (extras?.waits !== undefined) extras.activeAt = now()
}
