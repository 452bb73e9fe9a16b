import { currentTask } from '../task/current.ts'
import type { Waiter } from '../task/deadlock/wait.ts'
import { waiterFor } from '../task/deadlock/wait-graph.ts'
import type { Scheduler } from './scheduler.ts'

/**
 * The task of `scheduler` that would wait for itself if the caller waited for the whole manager: the calling task, or
 * one that waits for the caller, as a task with a manager of its own does. `undefined` at once where no task calls;
 * otherwise a moment later, since what was awaited in the same breath as the caller was spawned counts only then.
 */
export function callerWithin(scheduler: Scheduler): Promise<Waiter | undefined> | undefined {
  const caller = currentTask.getStore()
  if (caller === undefined || caller.ended) return undefined
  if (caller.owner === scheduler) return Promise.resolve(caller)
  return Promise.resolve().then(() => waiterFor(caller, scheduler.deadlocks.waiting))
}
