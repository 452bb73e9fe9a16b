import { hideSecrets } from './secrets.ts'

/** What stays of the fields of an error. What was asked, of whom and by which client may have secrets in it. */
const KEPT = new Set<string | symbol>(
  'name message stack cause errors code errno syscall address port severity schema table column constraint routine'.split(
    ' ',
  ),
)
/** The code of BullMQ's functions in a PostgreSQL: `detail` is the number by which BullMQ knows a lost lock, say. */
const REFUSED_END = 'BM001'
const DEEPEST = 8

/** By which the errors of drivers are known, and their codes: those of Redis, PostgreSQL or Node. Empty where there is none. */
const codes = new WeakMap<object, string>()

/** Makes what a driver throws, rejects with or emits fit to be shown, logged and stored. */
export type CleanError = (error: unknown) => Error

/**
 * The door for the errors of a server's driver: takes away all but what happened, and hides the secrets of these options.
 * The error stays the same object where that can be changed, of the class that the driver and its users go by.
 */
export function cleanErrors(options: unknown): CleanError {
  const hide = hideSecrets(options)
  return error => clean(error, hide, DEEPEST)
}

/** The code of an error that came from the driver of a server; empty where it has none, `undefined` for all other errors. */
export function driverCode(error: unknown): string | undefined {
  return codes.get(Object(error))
}

/** An error that is made of one of a driver is one, too. */
export function madeOf<E extends object>(error: E, original: unknown): E {
  return codes.set(error, driverCode(original) ?? '') && error
}

function clean(error: unknown, hide: (text: string) => string, depth: number): Error {
  try {
    const cleaned = error instanceof Error && depth > 0 && strip(error) ? error : substitute(error)
    cover(cleaned, hide, depth)
    codes.set(cleaned, codeOf(cleaned))
    return cleaned
  } catch {
    return madeOf(new Error('the driver has failed with an error that can not be read'), undefined)
  }
}

/** Whether all is gone that should be. */
function strip(error: Error): boolean {
  if (!Object.isExtensible(error)) return false
  const { code } = error as { readonly code?: unknown }
  return Reflect.ownKeys(error).every(
    key => KEPT.has(key) || (key === 'detail' && code === REFUSED_END) || Reflect.deleteProperty(error, key),
  )
}

function substitute(error: unknown): Error {
  const { message, code } = Object(error) as { readonly message?: unknown; readonly code?: unknown }
  return Object.assign(new Error(String(message ?? error)), typeof code === 'string' && { code })
}

function cover(error: Error, hide: (text: string) => string, depth: number): void {
  for (const key of Reflect.ownKeys(error)) {
    const { value } = Object.getOwnPropertyDescriptor(error, key) as PropertyDescriptor
    const shown = coverValue(error[key as keyof Error], hide, depth)
    if (shown !== value) Object.defineProperty(error, key, { value: shown, writable: true, configurable: true })
  }
}

function coverValue(value: unknown, hide: (text: string) => string, depth: number): unknown {
  if (typeof value === 'string') return hide(value)
  if (Array.isArray(value)) return value.map(each => clean(each, hide, depth - 1))
  if (typeof value === 'object' && value !== null) return clean(value, hide, depth - 1)
  return value
}

/** What the drivers say without a code when they have lost a connection, or wait for one. */
const LOST =
  /^(Connection (is closed|terminated|ended)|Client (was closed|has encountered)|Command aborted|write after end)/i
const LATE = /^(Command timed out|Query read timeout|timeout e|Socket timeout)/i
/** A reply begins with it; some versions of Redis put what a script has met behind what they say of the script. */
const REPLY = /^(?:ERR Error running script .*?: )?-?([A-Z][A-Z\d]{2,}) /

function codeOf(error: Error): string {
  const { code, message } = error as { readonly code?: unknown; readonly message: string }
  if (typeof code === 'string') return code
  if (LOST.test(message)) return 'ECONNRESET'
  if (LATE.test(message)) return 'ETIMEDOUT'
  return REPLY.exec(message)?.[1] ?? ''
}
