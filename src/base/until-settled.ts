import { action, type Operation } from 'effection'
import { settled } from './thenable.ts'

type Ending<T> = { readonly value: T } | { readonly error: unknown }

/** Like `until`, which takes apart what a promise rejects with, and hangs if that can't be read. */
export function untilSettled<T>(promise: PromiseLike<T>): Operation<T> {
  return untilPromise(settled(promise) as Promise<T>)
}

/** The same for a promise of our own. */
export function* untilPromise<T>(promise: Promise<T>): Operation<T> {
  const ending = yield* action<Ending<T>>(resolve => {
    promise.then(
      value => resolve({ value }),
      (error: unknown) => resolve({ error }),
    )
    return () => {}
  })
  if ('error' in ending) throw ending.error
  return ending.value
}
