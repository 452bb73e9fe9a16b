import { isThenable, settled } from '../base/thenable.ts'
import { TaskPromise } from './handle.ts'

/**
 * Calls what a user handed in. What it throws, or rejects with if it is asynchronous, goes to `failed`, which must not
 * throw itself. A handle that it returns reports its own failure.
 */
export function guardedCall(call: () => unknown, failed: (error: unknown) => void): void {
  try {
    const returned = call()
    if (isThenable(returned) && !(returned instanceof TaskPromise)) settled(returned).then(undefined, failed)
  } catch (error) {
    failed(error)
  }
}
