import { boolean, optionsObject } from '../options.ts'
import type { TaskHandle } from '../task/types.ts'
import type { GatherOptions } from './gather.ts'
import { handleList } from './handle-list.ts'

/**
 * The results of several tasks as they come. A failure is thrown in its turn and ends the loop; with `returnExceptions`
 * the error takes the place of the result. Leaving the loop touches no task.
 *
 * ```ts
 * for await (const page of asCompleted(handles)) console.log(page.length)
 * ```
 */
export function asCompleted<T>(
  handles: Iterable<TaskHandle<T>>,
  options: GatherOptions & { readonly returnExceptions: true },
): AsyncGenerator<T | Error, void, undefined>
export function asCompleted<T>(
  handles: Iterable<TaskHandle<T>>,
  options?: GatherOptions,
): AsyncGenerator<T, void, undefined>
export function asCompleted(
  handles: Iterable<TaskHandle<unknown>>,
  options?: GatherOptions,
): AsyncGenerator<unknown, void, undefined> {
  const { returnExceptions = false } = optionsObject('options', options) ?? {}
  return inOrderOfCompletion(handleList(handles), boolean('returnExceptions', returnExceptions))
}

async function* inOrderOfCompletion(
  handles: readonly TaskHandle<unknown>[],
  returnExceptions: boolean,
): AsyncGenerator<unknown, void, undefined> {
  /** Functions, because an async generator awaits what it yields and a handle would be unwrapped on the way. */
  const ended: (() => unknown)[] = []
  let wake = () => {}
  for (const handle of handles) {
    const end = () => {
      ended.push(() => (returnExceptions && handle.status !== 'done' ? handle.exception() : handle.result()))
      wake()
    }
    handle.then(end, end)
  }
  for (let left = handles.length; left > 0; left -= 1) {
    if (ended.length === 0) {
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
    yield ended.shift()?.()
  }
}
