import { FOLLOWS_CONTEXTS } from '../base/platform.ts'
import { surroundingTask } from '../task/current.ts'
import type { TaskContext } from '../task/types.ts'

/**
 * The context of the task that is running, in any function that `task` or a `TaskWorker` runs, in every mode: its signal,
 * its progress, its name. It follows the function through everything it awaits.
 *
 * Outside of such a function it throws a `TypeError`.
 *
 * @example
 * const download = task(async (url: string) => fetch(url, { signal: currentTask().signal }), { mode: 'thread' })
 */
export function currentTask(): TaskContext {
  const context = surroundingTask()
  if (context !== undefined) return context
  if (!FOLLOWS_CONTEXTS) {
    throw new TypeError(
      'currentTask() needs AsyncLocalStorage, which this runtime does not have: hand over what the function needs as arguments',
    )
  }
  throw new TypeError(
    'currentTask() was called outside of a task: call it while a function runs that task() or a TaskWorker has started',
  )
}
