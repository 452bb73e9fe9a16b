import { attempt } from '../base/attempt.ts'
import { boolean, type Known, knownOptions, show } from '../base/options.ts'
import { isThenable, settled } from '../base/thenable.ts'
import type { WaitOptions } from '../base/wait-timeout.ts'
import { isLimited, WAIT_OPTIONS, type WaitLimit, waitLimit, waitWithin } from '../base/wait-timeout.ts'
import { isHandle, listAndOptions, whenEnded } from './handle-list.ts'

/** What {@link gather} does with failures, and how long it waits. */
export interface GatherOptions extends WaitOptions {
  /** `true`: an error takes the place of its result, and `gather` rejects only at `timeout` or `signal`. @default false */
  readonly returnExceptions?: boolean
}

export const GATHER_OPTIONS: Known<GatherOptions> = { ...WAIT_OPTIONS, returnExceptions: true }

/** The results in the shape of the handles. */
export type Gathered<T> = { -readonly [K in keyof T]: Awaited<T[K]> }
/** The same with errors in the places of results. They are typed `Error`; what else was thrown arrives as it is. */
export type GatheredOrErrors<T> = { -readonly [K in keyof T]: Awaited<T[K]> | Error }

/** At least two handles or other promises, written out. */
type Several = readonly [PromiseLike<unknown>, PromiseLike<unknown>, ...PromiseLike<unknown>[]]

/**
 * Waits for all tasks and gives their results in the shape of the input: an array for an array or for two and more
 * handles written out, a record for a record. Other promises may be among them.
 *
 * Without `returnExceptions` it rejects with the first failure; the other tasks go on, and their failures count as seen.
 * So they do when it rejects at `timeout` (`TaskTimeoutError`) or `signal` (its reason), which leaves nothing behind.
 *
 * ```ts
 * const { user, posts } = await gather({ user: manager.spawn(getUser), posts: manager.spawn(getPosts) })
 * const [first, second] = await gather(manager.spawn(getFirst), manager.spawn(getSecond))
 * ```
 */
export function gather<T extends Several>(...handles: T): Promise<Gathered<T>>
export function gather<T extends Several>(
  ...handlesAndOptions: [...handles: T, options: GatherOptions & { readonly returnExceptions: true }]
): Promise<GatheredOrErrors<T>>
export function gather<T extends Several>(
  ...handlesAndOptions: [...handles: T, options: GatherOptions]
): Promise<Gathered<T>>
export function gather<T extends readonly unknown[] | []>(
  handles: T,
  options: GatherOptions & { readonly returnExceptions: true },
): Promise<GatheredOrErrors<T>>
export function gather<T extends readonly unknown[] | []>(handles: T, options?: GatherOptions): Promise<Gathered<T>>
export function gather<T extends Readonly<Record<string, unknown>>>(
  handles: T,
  options: GatherOptions & { readonly returnExceptions: true },
): Promise<GatheredOrErrors<T>>
export function gather<T extends Readonly<Record<string, unknown>>>(
  handles: T,
  options?: GatherOptions,
): Promise<Gathered<T>>
export async function gather(...args: readonly unknown[]): Promise<unknown> {
  const given = listAndOptions('gather', args, isPromise)
  const handles = given.list as object
  if (handles === null || typeof handles !== 'object') {
    throw new TypeError(`handles must be an array or a record of task handles, got ${show(handles)}`)
  }
  const options = knownOptions('options', given.options as GatherOptions | undefined, GATHER_OPTIONS) ?? {}
  const { returnExceptions = false } = options
  boolean('returnExceptions', returnExceptions)
  const limit = waitLimit(options)
  const outcomes = isLimited(limit) ? outcomesWithin.bind(undefined, limit) : outcomesOf
  if (Symbol.iterator in handles) return await outcomes([...(handles as Iterable<unknown>)], returnExceptions)
  const keys = Object.keys(handles)
  const values = await outcomes(Object.values(handles), returnExceptions)
  return Object.fromEntries(keys.map((key, index) => [key, values[index]]))
}

function isPromise(value: unknown): boolean {
  return attempt(() => isThenable(value)) ?? false
}

async function outcomesOf(handles: readonly unknown[], returnExceptions: boolean): Promise<unknown[]> {
  if (returnExceptions) return await Promise.all(handles.map(resultOrError))
  try {
    return await Promise.all(handles.map(async handle => await handle))
  } catch (error) {
    for (const handle of handles) stopWaiting(handle)
    throw error
  }
}

async function resultOrError(handle: unknown): Promise<unknown> {
  try {
    return await handle
  } catch (error) {
    return error
  }
}

/** Only listening from now on: the task that called `gather` is no longer held up by what still runs. */
function stopWaiting(handle: unknown): void {
  const { then } = (handle ?? {}) as Partial<PromiseLike<unknown>>
  if (typeof then === 'function') then.call(handle, undefined, () => {})
}

/** By listening, which can be ended, where `await` would leave something with every task that goes on. */
async function outcomesWithin(
  limit: WaitLimit,
  values: readonly unknown[],
  returnExceptions: boolean,
): Promise<unknown[]> {
  if (values.length === 0) return []
  return await waitWithin<unknown[]>(limit, 'gathering the results of several tasks', (resolve, reject) => {
    const results = [...values]
    let left = values.length
    const stops = values.map((value, index) => {
      const keep = (result: unknown) => {
        results[index] = result
        left -= 1
        if (left === 0) resolve(results)
      }
      const fail = returnExceptions ? keep : reject
      if (isHandle(value)) {
        return whenEnded(value, () => (value.status === 'done' ? keep(value.result()) : fail(value.exception())))
      }
      settled(value as PromiseLike<unknown>).then(keep, fail)
      return () => {}
    })
    return () => {
      for (const stop of stops) stop()
    }
  })
}
