import type { Transferable } from 'node:worker_threads'
import { sharedState } from './shared-state.ts'

interface Marks {
  /** Whether there is anything to look for. */
  any: boolean
  readonly lists: WeakMap<object, readonly Transferable[]>
}

const marks = sharedState<Marks>('transfers', () => ({ any: false, lists: new WeakMap() }))

/** Marks a value whose listed parts are moved, not copied. */
export function transfer<T extends object>(value: T, list: readonly Transferable[]): T {
  marks.any = true
  marks.lists.set(value, [...list])
  return value
}

/** Whether {@link transfer} has been called in this thread at all. */
export function anyTransfers(): boolean {
  return marks.any
}

/** What is to be moved of this value. */
export function transferList(value: object): readonly Transferable[] | undefined {
  return marks.lists.get(value)
}
