import { boolean, type Known, knownOptions } from '../base/options.ts'
import { armWaitLimit, isLimited, type WaitLimit, waitLimit } from '../base/wait-timeout.ts'
import type { TaskHandle } from '../task/types.ts'
import { GATHER_OPTIONS, type GatherOptions } from './gather.ts'
import { handleList, isHandle, refuseOther, refuseOwn, whenEnded } from './handle-list.ts'

/** How {@link asCompleted} goes. */
export interface AsCompletedOptions extends GatherOptions {
  /** `true`: yields `[key, result]`; the key is the index in a list, the name in a record. @default false */
  readonly entries?: boolean
}

const AS_COMPLETED_OPTIONS: Known<AsCompletedOptions> = { ...GATHER_OPTIONS, entries: true }

type Keyed<K, T, O> = O extends { readonly entries: true } ? [K, T] : T
/** What one step of {@link asCompleted} gives. */
export type Completed<K, T, O> = Keyed<K, O extends { readonly returnExceptions: true } ? T | Error : T, O>

/**
 * The results of several tasks as they come, of a list or of a record. A failure is thrown in its turn and ends the loop;
 * with `returnExceptions` the error takes the place of the result. Leaving the loop touches no task. `timeout` counts from
 * the start of the loop: when it is over and no other result has come, `TaskTimeoutError` is thrown, and the tasks go on.
 *
 * ```ts
 * for await (const page of asCompleted(handles)) console.log(page.length)
 * for await (const [name, page] of asCompleted({ home, news }, { entries: true })) console.log(name, page.length)
 * ```
 */
export function asCompleted<T, const O extends AsCompletedOptions = object>(
  handles: Iterable<TaskHandle<T>>,
  options?: O,
): AsyncGenerator<Completed<number, T, O>, void, undefined>
export function asCompleted<
  R extends Readonly<Record<string, TaskHandle<unknown>>>,
  const O extends AsCompletedOptions = object,
>(handles: R, options?: O): AsyncGenerator<{ [K in keyof R]: Completed<K, Awaited<R[K]>, O> }[keyof R], void, undefined>
export function asCompleted(
  handles: Iterable<TaskHandle<unknown>> | Readonly<Record<string, TaskHandle<unknown>>>,
  options?: AsCompletedOptions,
): AsyncGenerator<unknown, void, undefined> {
  const { returnExceptions = false, entries = false } = knownOptions('options', options, AS_COMPLETED_OPTIONS) ?? {}
  const checked = {
    returnExceptions: boolean('returnExceptions', returnExceptions),
    entries: boolean('entries', entries),
    limit: waitLimit(options),
  }
  if (Object(handles) !== handles || isHandle(handles) || Symbol.iterator in handles) {
    const list = handleList('asCompleted', handles as Iterable<TaskHandle<unknown>>)
    return inOrderOfCompletion([...list.keys()], list, checked)
  }
  for (const [key, handle] of Object.entries(handles)) refuseOther(handle, `handles.${key}`)
  return inOrderOfCompletion(Object.keys(handles), Object.values(handles), checked)
}

async function* inOrderOfCompletion(
  keys: readonly unknown[],
  handles: readonly TaskHandle<unknown>[],
  options: { readonly returnExceptions: boolean; readonly entries: boolean; readonly limit: WaitLimit },
): AsyncGenerator<unknown, void, undefined> {
  const { returnExceptions, entries, limit } = options
  const ended: number[] = []
  let wake = () => {}
  const limitReached: unknown[] = []
  const stops: (() => void)[] = []
  try {
    stops.push(
      armWaitLimit(limit, 'waiting for the next of several tasks', error => {
        limitReached.push(error)
        wake()
      }),
    )
    for (const [index, handle] of handles.entries()) {
      if (!isLimited(limit)) refuseOwn(handle)
      const end = () => {
        ended.push(index)
        wake()
      }
      stops.push(whenEnded(handle, end))
    }
    for (let taken = 0; taken < handles.length; taken += 1) {
      while (ended.length === taken && limitReached.length === 0) {
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
      const next = ended[taken]
      // What came before a timeout is still given; a signal ends the loop at its next step.
      if (next === undefined || (limitReached.length > 0 && limit.signal?.aborted)) throw limitReached[0]
      const handle = handles[next] as TaskHandle<unknown>
      const result = returnExceptions && handle.status !== 'done' ? handle.exception() : handle.result()
      yield entries ? [keys[next], result] : result
    }
  } finally {
    for (const stop of stops) stop()
  }
}
