import { action, type Effect, type Operation } from 'effection'
import { settled } from './thenable.ts'

type Steps<T> = Iterator<Effect<unknown>, T, unknown>

/**
 * The steps of a generator of ours, for `yield*` alone. A spread, a loop, `Promise.all` and deep equality take it for a list,
 * which has no end as long as nobody performs its effects. They ask for the next step without an argument, which `yield*`
 * and effection always have: for them it throws.
 *
 * `what` is called then, and says what the operation is.
 */
export function yielded<T>(what: () => string, operation: Operation<T>): Steps<T> {
  const steps = operation[Symbol.iterator]() as Generator<Effect<unknown>, T, unknown>
  return {
    next(...input) {
      if (input.length > 0) return steps.next(...input)
      throw new TypeError(`${what()} is one operation, not a list: write [it] where a list is meant, or await it first`)
    },
    throw: error => steps.throw(error),
    return: value => steps.return(value as T),
  }
}

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
