import type { Effect } from 'effection'
import { action, type Operation } from 'effection'
import { settled } from './thenable.ts'

type Steps<T> = Iterator<Effect<unknown>, T, unknown>

/**
 * The steps of one operation, for `yield*` alone. A spread, a `for` loop, `Promise.all` and deep equality take it for a
 * list, which has no end as long as nobody performs its effects: for them it throws at the second step.
 *
 * `what` is called then, and says what the operation is.
 */
export function yielded<T>(what: () => string, steps: Steps<T>): Steps<T> {
  let performed = true
  const refuseList = () => {
    if (performed) return
    throw new TypeError(`${what()} is one operation, not a list: write [it] where a list is meant, or await it first`)
  }
  const wrap = (step: IteratorResult<Effect<unknown>, T>): IteratorResult<Effect<unknown>, T> => {
    if (step.done === true) return step
    performed = false
    const { description, enter } = step.value
    return {
      done: false,
      value: {
        description,
        enter(resolve, routine) {
          performed = true
          return enter.call(step.value, resolve, routine)
        },
      },
    }
  }
  return {
    next(input) {
      refuseList()
      return wrap(steps.next(input))
    },
    throw(error) {
      if (steps.throw === undefined) throw error
      return wrap(steps.throw(error))
    },
    return(value) {
      refuseList()
      return steps.return === undefined ? { done: true, value: value as T } : wrap(steps.return(value))
    },
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
