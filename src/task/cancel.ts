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
