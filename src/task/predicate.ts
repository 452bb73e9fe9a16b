import { show } from '../base/options.ts'
import { isThenable, settled } from '../base/thenable.ts'

/** Known by now, or promised. A promise of these is always one of ours: see {@link whenKnown}. */
export type Eventually<T> = T | Promise<T>

/** What a predicate said. One that throws or rejects says no. */
export interface Answer {
  readonly yes: boolean
  readonly thrown?: { readonly error: unknown }
}

/** Asks a user's predicate; never throws, and what it gives never rejects. */
export function ask(predicate: () => unknown): Eventually<Answer> {
  try {
    const answer = predicate()
    return isThenable(answer) ? settled(answer).then(answered, threw) : answered(answer)
  } catch (error) {
    return threw(error)
  }
}

/** Goes on at once with what is known, so that nothing is a microtask late that need not be. */
export function whenKnown<T, R>(known: Eventually<T>, next: (known: T) => Eventually<R>): Eventually<R> {
  return known instanceof Promise ? known.then(next) : next(known)
}

function answered(answer: unknown): Answer {
  if (typeof answer !== 'object' || answer === null) return { yes: Boolean(answer) }
  return threw(new TypeError(`a predicate must answer true or false, got ${show(answer)}`))
}

function threw(error: unknown): Answer {
  return { yes: false, thrown: { error } }
}
