import type { Transferable } from 'node:worker_threads'
import { show } from '../../base/options.ts'
import { sharedState } from '../shared-state.ts'

interface Marks {
  /** Whether {@link transfer} has been called in this thread at all, so that there is something to look for. */
  any: boolean
  readonly lists: WeakMap<object, readonly Transferable[]>
}

/** @internal The values that were marked, with what of each is to be moved. */
export const marks = sharedState<Marks>('transfers', () => ({ any: false, lists: new WeakMap() }))

/**
 * Marks a value so that the listed parts of it are moved to the worker, or back from it, instead of being copied: a
 * gigabyte moves in microseconds. Returns the value itself.
 *
 * What was moved is empty on the side that it left (an `ArrayBuffer` is detached), so it can be moved once: a call that
 * is retried, and a value that is passed twice, need a copy. Mark an argument, a result, or a member of one. Processes
 * share no memory: there it is copied. In the modes sync and async nothing happens at all.
 *
 * @example
 * const pixels = new Uint8Array(100_000_000)
 * await blur(transfer(pixels, [pixels.buffer]))
 */
export function transfer<T extends object>(value: T, list: readonly object[]): T {
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`transfer: value must be an object, got ${show(value)}`)
  }
  if (!Array.isArray(list)) throw new TypeError(`transfer: list must be an array, got ${show(list)}`)
  list.forEach(refuseWrongItem)
  marks.any = true
  marks.lists.set(value, [...list] as Transferable[])
  return value
}

function refuseWrongItem(item: unknown, index: number): void {
  const rule = `transfer: list[${index}] must be an ArrayBuffer, a MessagePort or another transferable, got ${show(item)}`
  if (ArrayBuffer.isView(item)) throw new TypeError(`${rule}: pass its \`buffer\``)
  // Browsers have it in pages alone that are isolated.
  if (typeof SharedArrayBuffer !== 'undefined' && item instanceof SharedArrayBuffer)
    throw new TypeError(`${rule}: it is shared, leave it out`)
  if (typeof item !== 'object' || item === null) throw new TypeError(rule)
}
