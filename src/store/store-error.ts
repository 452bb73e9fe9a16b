import { StoreError } from '../base/errors.ts'
import { show } from '../base/options.ts'

/** What a store threw as a `StoreError`: stores of users need not throw one of ours, nor an error at all. */
export function storeError(thrown: unknown, what = 'the store failed'): StoreError {
  return isStoreError(thrown) ? thrown : new StoreError(`${what}: ${reasonOf(thrown)}`, { cause: thrown })
}

/** What something that was thrown says, in one line and never throwing itself. */
export function reasonOf(thrown: unknown): string {
  try {
    const { message } = Object(thrown) as { readonly message?: unknown }
    // The way round a cycle is told in several lines.
    return typeof message === 'string' ? message.slice(0, LONGEST).replace(/\n.*/s, '') : show(thrown)
  } catch {
    return 'something that can not be read was thrown'
  }
}

const LONGEST = 1_000

function isStoreError(thrown: unknown): thrown is StoreError {
  try {
    return thrown instanceof StoreError
  } catch {
    return false
  }
}
