import { TaskPromise } from '../../src/task/handle.ts'
import type { TaskHandle } from '../../src/task/types.ts'

/** How many wait for the end of a task without awaiting its handle. */
export function listenersOf(handle: TaskHandle<unknown>): number {
  return TaskPromise.taskOf(handle)?.extras?.watchers?.size ?? 0
}
