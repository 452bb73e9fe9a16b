import { callback, show } from '../../base/options.ts'
import type { ErrorClasses } from '../../serialize/thrown.ts'
import { sharedState } from '../shared-state.ts'

/** A class of errors, whatever its constructor takes: none is ever called. */
// biome-ignore lint/complexity/noBannedTypes: a class with a private constructor is one too
export type ErrorClass = Function & { readonly prototype: Error }

const classes = sharedState('error-classes', () => new Map<string, ErrorClass>())

/**
 * Lets errors of these classes keep their `instanceof` when they arrive here from a worker. They are known by the name of
 * the class; of two with one name the one that was registered last counts.
 *
 * Register them where they arrive: the worker need not. What arrives has the prototype of the class and the fields that
 * crossed; its constructor is not called, so private fields (`#x`) are missing. Built-in errors and those of this library
 * need no registration.
 *
 * @example
 * registerErrors(QuotaError, UpstreamError)
 */
export function registerErrors(...errors: readonly ErrorClass[]): void {
  for (const type of errors) {
    callback('registerErrors: every argument', type)
    if (!isErrorClass(type)) throw new TypeError(`registerErrors takes classes that extend Error, got ${show(type)}`)
  }
  for (const type of errors) classes.set(type.name, type)
}

/** Everything registered so far, by name. */
export function errorClasses(): ErrorClasses {
  return classes
}

function isErrorClass(type: ErrorClass): boolean {
  return type.name !== '' && (type.prototype as unknown) instanceof Error
}
