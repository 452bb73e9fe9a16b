import type { Attributes } from '@opentelemetry/api'
import { show } from '../base/options.ts'
import { messageOf, propertyOf } from '../base/thrown.ts'

/** Of something thrown, whatever it is: what the conventions want of an exception. */
export function exceptionAttributes(thrown: unknown): Attributes {
  const stack = propertyOf(thrown, 'stack')
  return {
    'exception.type': errorType(thrown),
    'exception.message': messageOf(thrown),
    ...(typeof stack === 'string' && { 'exception.stacktrace': stack }),
  }
}

/** The code of an error, or else its name: what errors may be grouped by. */
export function errorType(thrown: unknown): string {
  const [code, name] = [propertyOf(thrown, 'code'), propertyOf(thrown, 'name')]
  return ([code, name].find(one => typeof one === 'string' && one !== '') as string | undefined) ?? show(typeof thrown)
}

/** What a span is called: few different names, so not the number of a task that has no name. */
export function spanName(name: string, type: string | undefined): string {
  return /^(task \d+)?$/.test(name) ? (type ?? 'task') : name
}
