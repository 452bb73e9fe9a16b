import { attempt } from '../base/attempt.ts'
import { show } from '../base/options.ts'
import { isThenable } from '../base/thenable.ts'
import { watch } from '../task/cancel.ts'
import { currentTask } from '../task/current.ts'
import { selfWait } from '../task/deadlock/wait-graph.ts'
import { TaskPromise } from '../task/handle.ts'
import { taskItself } from '../task/handled-task.ts'
import type { TaskHandle } from '../task/types.ts'

/** Whether it is the handle of a task, recognised by shape: it may come from another copy of this library. */
export function isHandle(value: unknown): value is TaskHandle<unknown> {
  return attempt(() => isThenable(value) && typeof (value as Partial<TaskHandle<unknown>>).done === 'function') ?? false
}

/** What `call([a, b], options)` and `call(a, b, options)` were given; `isOne` tells a member from a list of them. */
export function listAndOptions(
  call: string,
  args: readonly unknown[],
  isOne: (value: unknown) => boolean,
): { readonly list: unknown; readonly options: unknown } {
  const [first, ...rest] = args
  if (!isOne(first)) return { list: first, options: rest[0] }
  const options = isOne(rest.at(-1)) ? undefined : rest.pop()
  if (rest.length === 0) {
    throw new TypeError(`${call} takes a list or several handles, got one: write ${call}([handle]), or just await it`)
  }
  return { list: [first, ...rest], options }
}

/** Checks that `handles` are some. */
export function handleList<H extends TaskHandle<unknown>>(call: string, handles: Iterable<H>): readonly H[] {
  if (isHandle(handles)) throw new TypeError(`${call} takes a list of task handles, got one: write ${call}([handle])`)
  if (typeof (handles as Partial<Iterable<H>> | undefined | null)?.[Symbol.iterator] !== 'function') {
    throw new TypeError(`handles must be an iterable of task handles, got ${show(handles)}`)
  }
  const list = [...handles]
  for (const [index, handle] of list.entries()) refuseOther(handle, `handles[${index}]`)
  return list
}

/** Checks that `value`, which is called `name`, is a handle. */
export function refuseOther(value: unknown, name: string): void {
  if (!isHandle(value)) throw new TypeError(`${name} must be a task handle, got ${show(value)}`)
}

/** Refuses the handle of the task that waits for it, unless it has ended. */
export function refuseOwn(handle: TaskHandle<unknown>): void {
  const task = TaskPromise.taskOf(handle)
  if (task === undefined || task.ended) return
  const itself = taskItself(task)
  if (itself === currentTask.getStore()) throw selfWait(itself)
}

/** Calls `tell` once when the task of a handle has ended, at once if it has. Returns what calls that off, with nothing left behind. */
export function whenEnded(handle: TaskHandle<unknown>, tell: () => void): () => void {
  const task = TaskPromise.taskOf(handle)
  if (task !== undefined) return watch(task, tell)
  let wanted = true
  const ended = () => {
    if (wanted) tell()
  }
  handle.then(ended, ended)
  return () => {
    wanted = false
  }
}
