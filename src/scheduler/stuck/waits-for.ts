import { now, preciseNow, type WallClock } from '../../base/clock.ts'
import { notBefore } from '../../task/entry/entry-settings.ts'
import type { Task } from '../../task/task.ts'

/** What a task that has not ended waits for, as far as the library knows. */
export type WaitsFor =
  /**
   * - `slot`: one of `maxTasks`
   * - `queue`: a place in the full queue of a runner
   * - `acceptance`: the store of a runner, which has not taken it yet
   * - `resume`: its manager is paused
   * - `policy`: the answer of its retry policy
   * - `cleanup`: it was told to stop, and its work has not stopped
   * - `work`: nothing that is known; its work runs
   */
  | { readonly kind: 'slot' | 'queue' | 'acceptance' | 'resume' | 'policy' | 'cleanup' | 'work' }
  /** Names the limits that have no room for it now; none where that can't be told. */
  | { readonly kind: 'limit'; readonly names: readonly string[] }
  /** It awaits these tasks, the first five, or starts when that of the same key has stopped. */
  | { readonly kind: 'task'; readonly tasks: readonly { readonly id: number; readonly label: string }[] }
  /** Its next attempt starts then, in epoch milliseconds. */
  | { readonly kind: 'retry'; readonly at: number }
  /** It was spawned with `delay` or `at`, and may start then, in epoch milliseconds. */
  | { readonly kind: 'time'; readonly at: number }

/** @internal Whose slots the task waits for. */
export interface Queueing {
  readonly paused: boolean
  readonly full: boolean
  readonly wallClock: WallClock
}

const MOST_NAMED = 5

/** @internal Looks at what the task notes anyway: nothing is kept for it. */
export function waitsFor(task: Task, queueing: Queueing): WaitsFor {
  const { extras } = task
  if (extras?.judging !== undefined) return { kind: 'policy' }
  if (task.status === 'stopping') return { kind: 'cleanup' }
  if (task.status !== 'pending') return awaited(task)
  if (task.limitRequest?.waits) return { kind: 'limit', names: lackingLimits(task) }
  if (task.position === -1) {
    if (extras?.acceptance?.line !== undefined) return { kind: 'queue' }
    if (extras?.heldBy !== undefined)
      return { kind: 'task', tasks: [{ id: extras.heldBy.id, label: extras.heldBy.label }] }
    const { entry } = task.settings
    if (entry !== undefined && task.attempt === 0 && extras?.pause !== undefined) {
      return { kind: 'time', at: notBefore(entry, task.createdAt + queueing.wallClock.offset) }
    }
    const again = extras?.again ?? 0
    if (again > now()) return { kind: 'retry', at: again + queueing.wallClock.offset }
    return { kind: 'acceptance' }
  }
  if (queueing.paused) return { kind: 'resume' }
  if (queueing.full || task.settings.source === undefined) return { kind: 'slot' }
  return { kind: 'limit', names: lackingLimits(task) }
}

function awaited({ extras }: Task): WaitsFor {
  const tasks: { id: number; label: string }[] = []
  for (const wait of extras?.waits ?? []) {
    for (const target of wait.targets) {
      if (tasks.length === MOST_NAMED) break
      if (!target.ended) tasks.push({ id: (target as Task).id, label: target.label })
    }
  }
  return tasks.length === 0 ? { kind: 'work' } : { kind: 'task', tasks }
}

/** The limits that it needs and that are used up, else all of them. */
function lackingLimits({ settings: { source } }: Task): readonly string[] {
  const supplies = source?.line?.supplies ?? []
  const at = preciseNow()
  const usedUp = supplies.filter(supply => supply.used(at) >= supply.algorithm.capacity)
  const named = (usedUp.length > 0 ? usedUp : supplies).map(({ key }) => key)
  return named.filter(key => key !== '').slice(0, MOST_NAMED)
}

/** @internal The same as a sentence goes on. */
export function describeWait(waits: WaitsFor): string {
  switch (waits.kind) {
    case 'slot':
      return 'waits for a slot'
    case 'queue':
      return 'waits for a place in the queue'
    case 'acceptance':
      return 'waits for the store'
    case 'resume':
      return 'waits for resume()'
    case 'policy':
      return 'waits for what its retry policy says'
    case 'cleanup':
      return 'was told to stop and runs on'
    case 'limit':
      return `waits for the limit${waits.names.length === 1 ? '' : 's'} ${waits.names.map(name => JSON.stringify(name)).join(', ')}`.trimEnd()
    case 'task':
      return `waits for ${waits.tasks.map(({ label }) => label).join(', ')}`
    case 'retry':
      return 'waits for its next attempt'
    case 'time':
      return 'waits for its time'
    case 'work':
      return 'runs without a sign of life'
  }
}
