import { type Operation, until } from 'effection'
import { settled } from './thenable.ts'

/** Like `until`, which takes apart what a promise rejects with, and hangs if that can't be read. */
export function* untilSettled<T>(promise: PromiseLike<T>): Operation<T> {
  const outcome = yield* until(
    settled(promise).then(
      value => ({ value: value as T }),
      (error: unknown) => ({ error }),
    ),
  )
  if ('error' in outcome) throw outcome.error
  return outcome.value
}
