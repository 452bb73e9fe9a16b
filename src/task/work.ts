import { show } from '../base/options.ts'

/** Refuses what is no work, saying what to hand over instead. */
export function checkWork(work: unknown): void {
  if (typeof work === 'function') return
  if (isObject(work) && typeof (work as Partial<PromiseLike<unknown>>).then === 'function') {
    throw new TypeError(
      'work must be a function, got a promise, which is already running: pass () => promise, so that the manager starts it',
    )
  }
  if (
    isObject(work) &&
    typeof (work as Partial<Iterable<unknown>>)[Symbol.iterator] === 'function' &&
    !Array.isArray(work)
  ) {
    throw new TypeError(
      'work must be a function, got an operation: pass the function that makes it, such as function* () { … }',
    )
  }
  throw new TypeError(`work must be a function, got ${show(work)}`)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
