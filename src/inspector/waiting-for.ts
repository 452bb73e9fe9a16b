import { now } from '../base/clock.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import type { Task } from '../task/task.ts'

/** What a task that has not ended waits for, as far as the core knows. */
export type WaitingFor =
  | { readonly kind: 'slot' | 'queue' | 'acceptance' | 'resume' | 'cleanup' | 'policy' }
  /** Names the limits that have no room for it now; none where that can't be told. */
  | { readonly kind: 'limit'; readonly names: readonly string[] }
  | { readonly kind: 'task'; readonly tasks: readonly { readonly id: number; readonly label: string }[] }
  /** Epoch milliseconds. */
  | { readonly kind: 'retry'; readonly at: number }

/** A page has no room for more. */
const MOST_NAMED = 5

/** Looks at what the task notes anyway: nothing is kept for it. */
export function waitingFor(task: Task, scheduler: Scheduler): WaitingFor | undefined {
  const { extras } = task
  if (extras?.judging !== undefined) return { kind: 'policy' }
  if (task.status === 'stopping') return { kind: 'cleanup' }
  if (task.status === 'running') return awaited(task)
  if (task.status !== 'pending') return undefined
  if (task.limitRequest?.waits) return { kind: 'limit', names: lackingLimits(task) }
  if (task.position === -1) {
    if (extras?.acceptance?.line !== undefined) return { kind: 'queue' }
    const again = extras?.again ?? 0
    if (again > now()) return { kind: 'retry', at: again + scheduler.wallClock.offset }
    return { kind: 'acceptance' }
  }
  if (scheduler.paused) return { kind: 'resume' }
  if (scheduler.full || task.settings.source === undefined) return { kind: 'slot' }
  return { kind: 'limit', names: lackingLimits(task) }
}

function awaited({ extras }: Task): WaitingFor | undefined {
  const tasks: { id: number; label: string }[] = []
  for (const wait of extras?.waits ?? []) {
    for (const target of wait.targets) {
      if (tasks.length === MOST_NAMED) break
      if (!target.ended) tasks.push({ id: (target as Task).id, label: target.label })
    }
  }
  return tasks.length === 0 ? undefined : { kind: 'task', tasks }
}

/** The limits that it needs and that are used up, else all of them. */
function lackingLimits({ settings: { source } }: Task): readonly string[] {
  const supplies = source?.line?.supplies ?? []
  const at = performance.now()
  const usedUp = supplies.filter(supply => supply.used(at) >= supply.algorithm.capacity)
  const named = (usedUp.length > 0 ? usedUp : supplies).map(({ key }) => key)
  return named.filter(key => key !== '').slice(0, MOST_NAMED)
}
