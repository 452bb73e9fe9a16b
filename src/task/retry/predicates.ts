import { attempt } from '../../base/attempt.ts'
import { show } from '../../base/options.ts'
import { isThenable, settled } from '../../base/thenable.ts'
import { propertyOf } from '../../base/thrown.ts'

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

/** A class of errors, of this realm or another. */
export type ErrorClass = abstract new (...args: never[]) => Error

/** Whether it is a class whose instances are errors. */
export function isErrorClass(value: unknown): value is ErrorClass {
  const prototype = prototypeOf(value)
  return prototype !== undefined && rootOf(prototype) !== undefined
}

/** Whether it is a constructor whose instances are no errors: a class, or a built-in one such as `Map`. */
export function isOtherClass(value: object): boolean {
  const prototype = prototypeOf(value)
  if (prototype === undefined || isErrorClass(value)) return false
  if (/^class\b/.test(Function.prototype.toString.call(value))) return true
  // The source of a proxy reads like that of a built-in function, but its prototype names the target.
  return isNative(value) && attempt(() => prototype.constructor) === value
}

/** Whether an error is of a class: by its prototypes, and by name where it comes from another realm than the class. */
export function isOfClass(error: unknown, type: ErrorClass): boolean {
  return (
    attempt(() => {
      const { prototype, name } = type
      if (Object.prototype.isPrototypeOf.call(prototype, error as object)) return true
      const root = rootOf(error)
      if (root === undefined || root === rootOf(prototype)) return false
      return propertyOf(error, 'name') === name || [...prototypesOf(error)].some(each => each.constructor.name === name)
    }) === true
  )
}

function prototypeOf(value: unknown): object | undefined {
  const prototype = attempt(() => (value as { readonly prototype?: unknown }).prototype)
  return typeof prototype === 'object' && prototype !== null ? prototype : undefined
}

/** The `Error.prototype` of the realm that an error, or a prototype of errors, comes from. */
function rootOf(value: unknown): object | undefined {
  return attempt(() => {
    const chain = [value as object, ...prototypesOf(value)]
    return chain.find(each => Object.hasOwn(each, 'constructor') && isBuiltInError(each.constructor))
  })
}

function isBuiltInError(type: unknown): boolean {
  return type === Error || (typeof type === 'function' && type.name === 'Error' && isNative(type))
}

function isNative(value: object): boolean {
  return /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(value))
}

function* prototypesOf(value: unknown): Generator<object> {
  for (let each = Object.getPrototypeOf(value); each !== null; each = Object.getPrototypeOf(each)) yield each
}
