import { boolean, optionsObject, show } from '../options.ts'

/** What {@link gather} does with failures. */
export interface GatherOptions {
  /** `true`: an error takes the place of its result, and `gather` never rejects. @default false */
  readonly returnExceptions?: boolean
}

/** The results in the shape of the handles. */
export type Gathered<T> = { -readonly [K in keyof T]: Awaited<T[K]> }
/** The same with errors in the places of results. They are typed `Error`; what else was thrown arrives as it is. */
export type GatheredOrErrors<T> = { -readonly [K in keyof T]: Awaited<T[K]> | Error }

/**
 * Waits for all tasks and gives their results in the shape of the input: an array for an array, a record for a record.
 * Other promises may be among them.
 *
 * Without `returnExceptions` it rejects with the first failure; the other tasks go on, and their failures count as seen.
 *
 * ```ts
 * const { user, posts } = await gather({ user: manager.spawn(getUser), posts: manager.spawn(getPosts) })
 * ```
 */
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
export async function gather(handles: object, options?: GatherOptions): Promise<unknown> {
  if (handles === null || typeof handles !== 'object') {
    throw new TypeError(`handles must be an array or a record of task handles, got ${show(handles)}`)
  }
  const { returnExceptions = false } = optionsObject('options', options) ?? {}
  boolean('returnExceptions', returnExceptions)
  if (Symbol.iterator in handles) return await outcomes([...(handles as Iterable<unknown>)], returnExceptions)
  const keys = Object.keys(handles)
  const values = await outcomes(Object.values(handles), returnExceptions)
  return Object.fromEntries(keys.map((key, index) => [key, values[index]]))
}

async function outcomes(handles: readonly unknown[], returnExceptions: boolean): Promise<unknown[]> {
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
