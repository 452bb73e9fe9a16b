import { ERRORS, TaskScopeError } from '../errors.ts'
import { show } from '../options.ts'

/**
 * Something that was thrown, in a form that a message or a file can carry: structured clone and JSON both lose the class
 * of an error and most of its fields. No `value` stands for `undefined`, which JSON leaves out.
 */
export type PlainThrown = { readonly error: PlainError } | { readonly value?: unknown }

/** An error as plain data. */
interface PlainError {
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
  /** Those of its other own fields that are errors, or lists that have errors in them. */
  readonly thrown?: Readonly<Record<string, PlainThrown | readonly PlainThrown[]>>
}

/** Returns what is carried of a value, or throws when it can't be. */
export type Carry = (value: unknown) => unknown

/** What a carried error may become again, by the name of the class; constructors are not called. */
export type ErrorClasses = ReadonlyMap<string, { readonly prototype: Error }>

/** Chains of causes are cut there: nobody reads on. */
const DEEPEST = 16
/** What errors share is written out for each of them, which grows without bounds where they share a lot. */
const MOST = 10_000
const WRITTEN_OUT = new Set(['name', 'message', 'stack', 'cause', 'errors'])
const KNOWN: ErrorClasses = new Map<string, { readonly prototype: Error }>([
  ...[Error, AggregateError, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(
    type => [type.name, type] as const,
  ),
  ['TaskScopeError', TaskScopeError],
  ...ERRORS,
])
const NONE: ErrorClasses = new Map()

/** The errors that the one being written is a part of, and how many more there may be. */
interface Writing {
  readonly carry: Carry
  readonly around: Set<Error>
  left: number
}

/**
 * What was thrown, as plain data; never throws itself. Fields that `carry` refuses are left out; any other value it
 * refuses is described, and so is an error that is a part of itself.
 */
export function plainThrown(thrown: unknown, carry: Carry): PlainThrown {
  return plain(thrown, { carry, around: new Set(), left: MOST })
}

function plain(thrown: unknown, writing: Writing): PlainThrown {
  if (isError(thrown)) return plainOrCut(thrown, writing)
  const carried = attempt(() => ({ value: writing.carry(thrown) }))
  return carried ?? { value: `a value that could not be carried: ${attempt(() => show(thrown)) ?? typeof thrown}` }
}

function plainOrCut(error: Error, writing: Writing): PlainThrown {
  const { around } = writing
  const leftOut = (why: string) => ({ value: `${attempt(() => String(error)) ?? 'an error'} (left out: ${why})` })
  if (around.has(error)) return leftOut('it is a part of itself')
  if (around.size === DEEPEST || writing.left === 0) return leftOut('there is too much of it')
  writing.left--
  around.add(error)
  const written = attempt(() => plainError(error, writing))
  around.delete(error)
  return written === undefined ? leftOut('it could not be read') : { error: written }
}

function plainError(error: Error, writing: Writing): PlainError {
  const read = (key: string) => attempt(() => error[key as keyof Error] as unknown)
  const [stack, errors] = [read('stack'), read('errors')]
  return {
    classes: classesOf(error),
    name: attempt(() => String(error.name)) ?? 'Error',
    message: attempt(() => String(error.message)) ?? '',
    ...(typeof stack === 'string' && { stack }),
    ...('cause' in error && { cause: plain(read('cause'), writing) }),
    ...(Array.isArray(errors) && { errors: errors.map(member => plain(member, writing)) }),
    ...fieldsOf(error, writing),
  }
}

function fieldsOf(error: Error, writing: Writing): Pick<PlainError, 'fields' | 'thrown'> {
  const fields: [string, unknown][] = []
  const thrown: [string, PlainThrown | PlainThrown[]][] = []
  for (const key of Object.keys(error)) {
    if (WRITTEN_OUT.has(key)) continue
    const field = attempt(() => ({ value: error[key as keyof Error] as unknown }))
    if (field === undefined) continue
    const { value } = field
    if (isError(value)) thrown.push([key, plain(value, writing)])
    else if (Array.isArray(value) && value.some(isError)) {
      thrown.push([key, value.map(member => plain(member, writing))])
    } else {
      const carried = attempt(() => ({ value: writing.carry(value) }))
      if (carried !== undefined) fields.push([key, carried.value])
    }
  }
  return {
    fields: Object.fromEntries(fields),
    ...(thrown.length > 0 && { thrown: Object.fromEntries(thrown) }),
  }
}

/** An error that came from where its class is known, to where it is not, has nothing of it left but the name. */
function classesOf(error: Error): string[] {
  const own = attempt(() => (Object.hasOwn(error, 'name') ? error.name : undefined))
  const names = typeof own === 'string' ? [own] : []
  let prototype: unknown = Object.getPrototypeOf(error)
  while (prototype !== null && prototype !== Object.prototype) {
    const type: unknown = (prototype as object).constructor
    // A static `name` may be anything.
    if (typeof type === 'function' && typeof type.name === 'string' && type.name !== names[0]) names.push(type.name)
    prototype = Object.getPrototypeOf(prototype)
  }
  return names
}

/** The error again, of the first of its classes that is known here: a built-in one, one of ours, or one of `classes`. */
export function revivedThrown(thrown: PlainThrown, classes: ErrorClasses = NONE): unknown {
  if (!('error' in thrown)) return thrown.value
  const revive = (nested: PlainThrown) => revivedThrown(nested, classes)
  const { error: plain } = thrown
  const error = blank(plain, classes)
  if (plain.stack !== undefined) hide(error, 'stack', plain.stack)
  if (plain.cause !== undefined) hide(error, 'cause', revive(plain.cause))
  if (plain.errors !== undefined) hide(error, 'errors', plain.errors.map(revive))
  for (const [key, value] of Object.entries(plain.fields)) define(error, key, value, true)
  for (const [key, value] of Object.entries(plain.thrown ?? {})) {
    define(error, key, Array.isArray(value) ? value.map(revive) : revive(value as PlainThrown), true)
  }
  if (error.name !== plain.name) hide(error, 'name', plain.name)
  return error
}

/** `setPrototypeOf` on a real error, so that it stays one for `util.types.isNativeError` and the inspector. */
function blank({ classes: names, name, message }: PlainError, classes: ErrorClasses): Error {
  for (const candidate of names) {
    const type = classes.get(candidate) ?? KNOWN.get(candidate)
    if (type !== undefined) return Object.setPrototypeOf(new Error(message), type.prototype)
    // What it says of itself it keeps where no prototype reaches.
    if (candidate === 'DOMException') return new DOMException(message, name)
  }
  return new Error(message)
}

function hide(error: Error, key: string, value: unknown): void {
  define(error, key, value, false)
}

function define(error: Error, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true })
}

function isError(value: unknown): value is Error {
  return attempt(() => value instanceof Error || Object.prototype.toString.call(value) === '[object Error]') ?? false
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
