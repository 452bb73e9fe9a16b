import { currentTask } from './current.ts'
import type { Task } from './task.ts'

/** See {@link TaskHandle.cancel}. A task that cancels itself can't wait for its own end. */
export function cancelTask(task: Task, reason?: unknown): Promise<boolean> {
  const hadEnded = task.ended
  task.stop({ kind: 'cancel', reason })
  const cancelled = () => !hadEnded && task.status !== 'done'
  if (task.context === undefined || currentTask.getStore() === task) return Promise.resolve(cancelled())
  return new Promise(resolve => {
    const extras = task.more()
    extras.stopWaiters ??= []
    extras.stopWaiters.push(() => resolve(cancelled()))
  })
}

/** The work has stopped, or was given up: tells those who cancelled it. */
export function tellStopped({ extras }: Task): void {
  if (extras?.stopWaiters === undefined) return
  const waiters = extras.stopWaiters
  extras.stopWaiters = undefined
  for (const tell of waiters) tell()
}

const nothing = () => {}

/**
 * Calls `tell` once when the task has ended, at once if it has. Returns what calls that off: unlike a reaction to a
 * promise it then leaves nothing behind, however long the task goes on. Counts as looking at the outcome, unless the watch
 * is a `quiet` one.
 */
export function watch(task: Task, tell: () => void, quiet = false): () => void {
  if (!quiet) task.observed = true
  if (task.ended) {
    tell()
    return nothing
  }
  const extras = task.more()
  const entry = () => tell()
  const watchers = (extras.watchers ??= new Set())
  watchers.add(entry)
  return () => {
    watchers.delete(entry)
  }
}
