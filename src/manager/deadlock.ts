import { currentTask } from '../task/current.ts'
import type { Task } from '../task/task.ts'
import type { Scheduler } from './scheduler.ts'

/**
 * The task of `scheduler` that would wait for itself if the caller waited for the whole manager: the calling task, or
 * one that waits for the caller, as a task with a manager of its own does.
 */
export function callerWithin(scheduler: Scheduler): Task | undefined {
  const caller = currentTask.getStore()
  if (caller === undefined || caller.ended) return undefined
  if (caller.owner === scheduler) return caller
  for (const task of scheduler.live) if (task.waits !== undefined && leadsTo(task, caller)) return task
  return undefined
}

function leadsTo(from: Task, to: Task): boolean {
  const seen = new Set<Task>()
  const open = [from]
  for (let task = open.pop(); task !== undefined; task = open.pop()) {
    if (task === to) return true
    if (seen.has(task)) continue
    seen.add(task)
    if (task.waits !== undefined) open.push(...task.waits.live())
  }
  return false
}
