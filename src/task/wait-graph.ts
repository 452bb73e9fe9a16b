import { DeadlockError } from '../errors.ts'
import type { Task } from './task.ts'

/**
 * Notes that `waiter` awaits `target`, and throws when that could never end: because `target` is `waiter`, waits for it
 * in turn, or is pending while every slot is held by a task that waits likewise.
 */
export function noteWait(waiter: Task, target: Task): void {
  if (waiter.ended || target.ended) return
  if (target === waiter) throw selfWait(target)
  if (isStuck(target, waiter)) {
    throw new DeadlockError(
      target.status === 'pending'
        ? `${waiter.label} awaits ${target.label}, which can't start: every slot is held by a task that waits. Raise maxTasks, or use a second manager for the inner tasks`
        : `${waiter.label} awaits ${target.label}, which waits for it in turn`,
    )
  }
  const waits = (waiter.more().waits ??= new Waits())
  waits.add(target)
}

/** The error of a task that awaits its own handle. */
export function selfWait(task: Pick<Task, 'label'>): DeadlockError {
  return new DeadlockError(`${task.label} awaits itself, which can't end before it stops waiting`)
}

/** Forgets that `waiter` awaits `target`: it only listens. */
export function forgetWait(waiter: Task, target: Task): void {
  waiter.waits?.delete(target)
}

/** The tasks that one task awaits; ended ones are swept out often enough to keep it small. */
export class Waits {
  readonly #targets = new Set<Task>()
  #sweepAt = 16

  add(target: Task): void {
    this.#targets.add(target)
    if (this.#targets.size < this.#sweepAt) return
    for (const each of this.#targets) if (each.ended) this.#targets.delete(each)
    this.#sweepAt = Math.max(16, this.#targets.size * 2)
  }

  delete(target: Task): void {
    this.#targets.delete(target)
  }

  *live(): Generator<Task> {
    for (const target of this.#targets) if (!target.ended) yield target
  }
}

/**
 * Whether `target` can't end as long as `waiter` waits: the greatest set of tasks that all depend on each other,
 * found by assuming the worst of everything reachable and striking out what can move.
 */
export function isStuck(target: Task, waiter: Task): boolean {
  const stuck = reachable(target, waiter).add(waiter)
  for (let changed = true; changed; ) {
    changed = false
    for (const task of stuck) {
      if (task === waiter || !canMove(task, waiter, stuck)) continue
      stuck.delete(task)
      changed = true
    }
  }
  return stuck.has(target)
}

function reachable(from: Task, waiter: Task): Set<Task> {
  const found = new Set<Task>()
  const open = [from]
  for (let task = open.pop(); task !== undefined; task = open.pop()) {
    if (found.has(task) || task === waiter) continue
    found.add(task)
    open.push(...blockers(task, waiter))
  }
  return found
}

function canMove(task: Task, waiter: Task, stuck: ReadonlySet<Task>): boolean {
  const blocking = blockers(task, waiter)
  if (task.status === 'pending') return blocking.length === 0 || blocking.some(blocker => !stuck.has(blocker))
  return !blocking.some(blocker => stuck.has(blocker))
}

/** What `task` waits for: a running one for what it awaits, a pending one for those that hold the slots. */
function blockers(task: Task, waiter: Task): readonly Task[] {
  return task.status === 'pending' ? task.owner.slotHolders(waiter) : [...(task.waits?.live() ?? [])]
}
