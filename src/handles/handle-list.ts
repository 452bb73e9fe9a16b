import { show } from '../options.ts'
import type { TaskHandle } from '../task/types.ts'

/** Checks that `handles` are some. */
export function handleList<H extends TaskHandle<unknown>>(handles: Iterable<H>): readonly H[] {
  if (typeof (handles as Partial<Iterable<H>> | undefined | null)?.[Symbol.iterator] !== 'function') {
    throw new TypeError(`handles must be an iterable of task handles, got ${show(handles)}`)
  }
  const list = [...handles]
  for (const [index, handle] of list.entries()) {
    if (typeof handle?.done === 'function' && typeof handle.then === 'function') continue
    throw new TypeError(`handles[${index}] must be a task handle, got ${show(handle)}`)
  }
  return list
}
