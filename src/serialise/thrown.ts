import { ERRORS } from '../errors.ts'

/**
 * Something that was thrown, in a form that a message or a file can carry: structured clone and JSON both lose the class
 * of an error and most of its fields.
 */
export type PlainThrown = { readonly error: PlainError } | { readonly value: unknown }

/** An error as plain data. */
export interface PlainError {
  /** The names of its classes, most derived first: the first that the reader knows is what it becomes again. */
  readonly classes: readonly string[]
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly cause?: PlainThrown
  /** The members of an `AggregateError` or a `TaskGroupError`. */
  readonly errors?: readonly PlainThrown[]
  /** Its other own fields, such as `code`. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** Returns what is carried of a value, or throws when it can't be. */
export type Carry = (value: unknown) => unknown

/** What a carried error may become again, by the name of the class; constructors are not called. */
export type ErrorClasses = ReadonlyMap<string, { readonly prototype: Error }>

/** Chains of causes are cut there: nobody reads on, and a cycle has no end. */
const DEEPEST = 16
const WRITTEN_OUT = new Set(['name', 'message', 'stack', 'cause', 'errors'])
const KNOWN: ErrorClasses = new Map<string, { readonly prototype: Error }>([
  ...[Error, AggregateError, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(
    type => [type.name, type] as const,
  ),
  ...ERRORS,
])
const NONE: ErrorClasses = new Map()

/** What was thrown, as plain data. Fields that `carry` refuses are left out; any other value it refuses is described. */
export function plainThrown(thrown: unknown, carry: Carry, depth = 0): PlainThrown {
  if (isError(thrown)) return { error: plainError(thrown, carry, depth) }
  const carried = attempt(() => ({ value: carry(thrown) }))
  return carried ?? { value: `a value that could not be carried: ${describe(thrown)}` }
}

function plainError(error: Error, carry: Carry, depth: number): PlainError {
  const nested = (value: unknown) => plainThrown(value, carry, depth + 1)
  const errors = attempt(() => (error as Partial<AggregateError>).errors)
  const { stack } = error
  return {
    classes: classesOf(error),
    name: String(error.name),
    message: String(error.message),
    ...(typeof stack === 'string' && { stack }),
    ...('cause' in error && depth < DEEPEST && { cause: nested(error.cause) }),
    ...(Array.isArray(errors) && depth < DEEPEST && { errors: errors.map(nested) }),
    fields: fieldsOf(error, carry),
  }
}

function fieldsOf(error: Error, carry: Carry): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  for (const key of Object.keys(error)) {
    if (WRITTEN_OUT.has(key)) continue
    const carried = attempt(() => ({ value: carry(error[key as keyof Error]) }))
    if (carried !== undefined) fields[key] = carried.value
  }
  return fields
}

function classesOf(error: Error): string[] {
  const names: string[] = []
  let prototype: unknown = Object.getPrototypeOf(error)
  while (prototype !== null && prototype !== Object.prototype) {
    const type = (prototype as object).constructor
    if (typeof type === 'function') names.push(type.name)
    prototype = Object.getPrototypeOf(prototype)
  }
  return names
}

/** The error again, of the first of its classes that is known here: a built-in one, one of ours, or one of `classes`. */
export function revivedThrown(thrown: PlainThrown, classes: ErrorClasses = NONE): unknown {
  if ('value' in thrown) return thrown.value
  const { error: plain } = thrown
  const error = blank(plain, classes)
  hide(error, 'message', plain.message)
  if (plain.stack !== undefined) hide(error, 'stack', plain.stack)
  if (plain.cause !== undefined) hide(error, 'cause', revivedThrown(plain.cause, classes))
  if (plain.errors !== undefined) {
    hide(
      error,
      'errors',
      plain.errors.map(member => revivedThrown(member, classes)),
    )
  }
  for (const [key, value] of Object.entries(plain.fields)) define(error, key, value, true)
  if (error.name !== plain.name) hide(error, 'name', plain.name)
  return error
}

/** `setPrototypeOf` on a real error, so that it stays one for `util.types.isNativeError` and the inspector. */
function blank({ classes: names, name, message }: PlainError, classes: ErrorClasses): Error {
  if (names[0] === 'DOMException') return new DOMException(message, name)
  const error = new Error(message)
  for (const candidate of names) {
    const type = classes.get(candidate) ?? KNOWN.get(candidate)
    if (type !== undefined) return Object.setPrototypeOf(error, type.prototype)
  }
  return error
}

function hide(error: Error, key: string, value: unknown): void {
  define(error, key, value, false)
}

function define(error: Error, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true })
}

function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
}

function describe(value: unknown): string {
  return attempt(() => String(value)) ?? typeof value
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
