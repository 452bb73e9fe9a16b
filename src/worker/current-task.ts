import { AsyncLocalStorage, FOLLOWS_CONTEXTS } from '../base/platform.ts'
import { currentTask as managed } from '../task/current.ts'
import type { TaskContext } from '../task/types.ts'
import { sharedState } from './shared-state.ts'

const contexts = sharedState('current-task', () => new AsyncLocalStorage<TaskContext>())

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
  // A task of a manager inside a worker's call is the inner one.
  const context = managed.getStore()?.context ?? contexts.getStore()
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

/** The task of which this worker's code is a part, though it may have ended. */
export function callContext(): TaskContext | undefined {
  return contexts.getStore()
}

/** Calls `fn` as the body of the task that `context` tells about. */
export function runAsCurrent<T>(context: TaskContext, fn: () => T): T {
  return contexts.run(context, fn)
}
