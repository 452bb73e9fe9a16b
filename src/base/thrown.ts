import { attempt } from './attempt.ts'
import { show } from './options.ts'

/**
 * Looks at what users throw, reject with or give as a reason. It may be anything: an error whose getters throw, a proxy
 * that was revoked, an error of another realm. Nothing here throws.
 */

/** Whether it is an error, of this realm or another. */
export function isError(value: unknown): value is Error {
  return attempt(() => value instanceof Error || Object.prototype.toString.call(value) === '[object Error]') ?? false
}

/** A property, or `undefined` where it can't be read or there is none. */
export function propertyOf(value: unknown, key: 'name' | 'message' | 'code' | 'cause' | 'errors' | 'stack'): unknown {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return undefined
  return attempt(() => (value as Partial<Record<typeof key, unknown>>)[key])
}

/** What it says, for a message: that of an error, a string itself, anything else by what it is. */
export function messageOf(value: unknown): string {
  if (typeof value === 'string') return value
  const message = isError(value) ? propertyOf(value, 'message') : undefined
  return typeof message === 'string' ? message : show(value)
}

/** Whether everything is readable that a logger reads of an error. */
export function isReadable(value: unknown): boolean {
  const keys = ['name', 'message', 'stack', 'cause', 'code'] as const
  return attempt(() => keys.map(key => String((value as Record<string, unknown>)[key]))) !== undefined
}
