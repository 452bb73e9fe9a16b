import { DeadlockError } from '../../base/errors.ts'
import { strongComponents } from '../../collections/strong-components.ts'
import type { SlotOwner, Wait, Waiter } from './wait.ts'

/** A task, or all slots of a manager, which pending tasks wait for. */
type Node = Waiter | SlotOwner

/** Which waits are looked at. */
export interface View {
  counts(wait: Wait): boolean
  /** Nothing goes on by itself any more: whatever a task waits for holds it up, whatever else it may do. */
  readonly idle: boolean
}

const CERTAIN: View = { counts: wait => wait.kind === 'certain', idle: false }
export const AWAITED: View = { counts: wait => wait.kind !== 'listen', idle: false }
export const IDLE: View = { counts: () => true, idle: true }

/** A search that has seen so many is left to the later one that looks at all waits once. */
const FARTHEST = 32

/**
 * Whether `target` can't end as long as `waiter` waits: each task on every way from it waits with certainty, so that
 * nothing that could move is found.
 */
export function neverEnds(waiter: Waiter, target: Waiter): boolean {
  const seen = new Set<Node>([waiter])
  const open: Node[] = [target]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node)) continue
    if (seen.size > FARTHEST) return false
    seen.add(node)
    const next = blockers(node, CERTAIN)
    if (next.length === 0) return false
    for (const each of next) open.push(each)
  }
  return true
}

/** Tasks that wait for each other and, unless nothing goes on anyway, for nothing that could still move. */
export function findKnots(waiting: Iterable<Waiter>, view: View): ReadonlySet<Node>[] {
  const isKnot = (members: ReadonlySet<Node>): boolean => {
    const [only] = members
    if (members.size === 1 && !blockers(only as Node, view).includes(only as Node)) return false
    return view.idle || [...members].every(member => blockers(member, view).every(each => members.has(each)))
  }
  return strongComponents<Node>(waiting, node => blockers(node, view))
    .map(component => new Set(component))
    .filter(isKnot)
}

/** Of the waits that make a knot the latest. To refuse one is enough: the others may come to an end then. */
export function lastWait(knot: ReadonlySet<Node>, view: View): Wait | undefined {
  let last: Wait | undefined
  for (const task of tasksOf(knot)) {
    for (const wait of task.extras?.waits ?? []) {
      if (!view.counts(wait) || targetIn(knot, wait) === undefined) continue
      if (last === undefined || precedence(wait) > precedence(last)) last = wait
    }
  }
  return last
}

function precedence({ kind, sequence }: Wait): number {
  return kind === 'listen' ? -1 / sequence : sequence
}

export function tasksOf(knot: Iterable<Node>): Waiter[] {
  return [...knot].filter(node => 'owner' in node)
}

function targetIn(knot: ReadonlySet<Node>, { targets }: Wait): Waiter | undefined {
  for (const target of targets) if (knot.has(target)) return target
  return undefined
}

/** Why a wait could never end. */
export function deadlockOf(wait: Wait, knot: ReadonlySet<Node>): DeadlockError {
  return deadlock(wait.waiter, targetIn(knot, wait) as Waiter)
}

/** Why `waiter` can't wait for `target`. */
export function deadlock(waiter: Waiter, target: Waiter): DeadlockError {
  if (waiter === target) return selfWait(target)
  return new DeadlockError(
    target.status === 'pending'
      ? `${waiter.label} awaits ${target.label}, which can't start: every slot is held by a task that waits. Raise maxTasks, or use a second manager for the inner tasks`
      : `${waiter.label} awaits ${target.label}, which waits for it in turn`,
  )
}

/** The error of a task that awaits its own handle. */
export function selfWait(task: Pick<Waiter, 'label'>): DeadlockError {
  return new DeadlockError(`${task.label} awaits itself, which can't end before it stops waiting`)
}

/** What has to move before the node does, any of it; nothing for one that goes on by itself. */
function blockers(node: Node, view: View): readonly Node[] {
  if (!('owner' in node)) return slotHolders(node, view)
  if (node.status === 'pending') return node.owner.full ? [node.owner] : []
  // What is being stopped ends by itself, at the latest after its cleanup time.
  if (node.status !== 'running' || node.context === undefined) return []
  return awaited(node, view)
}

function awaited(task: Waiter, view: View): readonly Waiter[] {
  const found: Waiter[] = []
  for (const wait of task.extras?.waits ?? []) {
    if (!view.counts(wait)) continue
    for (const target of wait.targets) {
      if (!target.ended) found.push(target)
      else if (!view.idle) return []
    }
  }
  return found
}

/** The tasks that hold the slots; nothing if one of them waits for nothing. */
function slotHolders({ deadlocks: { waiting }, slotsTaken }: SlotOwner, view: View): readonly Waiter[] {
  if (!view.idle && waiting.size < slotsTaken) return []
  const holders = [...waiting].filter(task => task.context !== undefined && waits(task, view))
  return view.idle || holders.length >= slotsTaken ? holders : []
}

function waits(task: Waiter, view: View): boolean {
  for (const wait of task.extras?.waits ?? []) if (view.counts(wait)) return true
  return false
}

/** A task among `waiting` that waits for `last`, if perhaps by way of others. */
export function waiterFor(last: Waiter, waiting: Iterable<Waiter>): Waiter | undefined {
  const seen = new Set<Waiter>()
  for (const first of waiting) {
    const open: Waiter[] = [first]
    for (let task = open.pop(); task !== undefined; task = open.pop()) {
      if (task === last) return first
      if (seen.has(task)) continue
      seen.add(task)
      for (const wait of task.extras?.waits ?? []) if (wait.kind !== 'listen') open.push(...wait.targets)
    }
  }
  return undefined
}
