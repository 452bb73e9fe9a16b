import { ERRORS, TaskScopeError } from '../base/errors.ts'
import { show } from '../base/options.ts'
import { ArrivedData, misshapen, own, text } from './arrived.ts'

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

/** Chains of causes are cut there: no reader goes on. */
const DEEPEST = 16
/** What errors share is written out for each of them, which grows without bounds where they share a lot. */
const MOST = 10_000
/** Longer chains of prototypes are no classes that a program has. */
const MOST_CLASSES = 32
const WRITTEN_OUT = new Set(['name', 'message', 'stack', 'cause', 'errors'])
const KNOWN: ErrorClasses = new Map<string, { readonly prototype: Error }>([
  ...[Error, AggregateError, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(
    type => [type.name, type] as const,
  ),
  ['TaskScopeError', TaskScopeError],
  ...ERRORS,
])
const NONE: ErrorClasses = new Map()
const TOO_MUCH = 'there is too much of it'

/**
 * What was thrown, as plain data; never throws itself. Fields that `carry` refuses are left out; any other value it
 * refuses is described, and so is an error that is a part of itself, and what is too much: more than 16 errors nested in
 * each other, more than 10,000 parts.
 */
export function plainThrown(thrown: unknown, carry: Carry): PlainThrown {
  return new Writing(carry).write(thrown)
}

/** Writes what was thrown; several of them have the parts between them that one alone may have. */
export class Writing {
  readonly #carry: Carry
  /** The errors that the one being written is a part of. */
  readonly #around = new Set<Error>()
  #left = MOST

  constructor(carry: Carry) {
    this.#carry = carry
  }

  write(thrown: unknown): PlainThrown {
    if (isError(thrown)) return this.#errorOrCut(thrown)
    const carried = attempt(() => ({ value: this.#carry(thrown) }))
    return carried ?? { value: `a value that could not be carried: ${show(thrown)}` }
  }

  #errorOrCut(error: Error): PlainThrown {
    if (this.#around.has(error)) return leftOut(error, 'it is a part of itself')
    if (this.#around.size === DEEPEST) return leftOut(error, TOO_MUCH)
    this.#around.add(error)
    const written = attempt(() => this.#error(error))
    this.#around.delete(error)
    return written === undefined ? leftOut(error, 'it could not be read') : { error: written }
  }

  #part(thrown: unknown): PlainThrown {
    if (this.#left === 0 && isError(thrown)) return leftOut(thrown, TOO_MUCH)
    this.#left -= 1
    return this.write(thrown)
  }

  /** Of a list without end, or one that says it is, what there is room for. */
  #list(list: readonly unknown[]): PlainThrown[] {
    const members: PlainThrown[] = []
    while (members.length < list.length && this.#left > 0) {
      const index = members.length
      members.push(this.#part(attempt(() => list[index])))
    }
    const more = list.length - members.length
    return more > 0 ? [...members, { value: `${more} more (left out: ${TOO_MUCH})` }] : members
  }

  #error(error: Error): PlainError {
    const read = (key: string) => attempt(() => error[key as keyof Error] as unknown)
    const [stack, errors] = [read('stack'), read('errors')]
    return {
      classes: classesOf(error),
      name: attempt(() => String(error.name)) ?? 'Error',
      message: attempt(() => String(error.message)) ?? '',
      ...(typeof stack === 'string' && { stack }),
      ...('cause' in error && { cause: this.#part(read('cause')) }),
      ...(isArray(errors) && { errors: attempt(() => this.#list(errors)) ?? [] }),
      ...this.#fields(error),
    }
  }

  #fields(error: Error): Pick<PlainError, 'fields' | 'thrown'> {
    const fields: [string, unknown][] = []
    const thrown: [string, PlainThrown | PlainThrown[]][] = []
    for (const key of Object.keys(error)) {
      if (WRITTEN_OUT.has(key)) continue
      const field = attempt(() => ({ value: error[key as keyof Error] as unknown }))
      if (field === undefined) continue
      const { value } = field
      if (isError(value)) thrown.push([key, this.#part(value)])
      else if (isArray(value) && hasErrors(value)) thrown.push([key, this.#list(value)])
      else {
        const carried = attempt(() => ({ value: this.#carry(value) }))
        if (carried !== undefined) fields.push([key, carried.value])
      }
    }
    return {
      fields: Object.fromEntries(fields),
      ...(thrown.length > 0 && { thrown: Object.fromEntries(thrown) }),
    }
  }
}

/** Of what was thrown as much as a few words say: of an error its class, and `length` characters of message and stack. */
export function thrownInShort(thrown: PlainThrown, length: number): PlainThrown {
  if (!('error' in thrown)) return { value: `a value (left out: ${TOO_MUCH})` }
  const { classes, name, message, stack } = thrown.error
  const short = (text: string) => text.slice(0, length)
  return {
    error: {
      classes: classes.map(short),
      name: short(name),
      message: `${short(message)} (the rest is left out: ${TOO_MUCH})`,
      ...(stack !== undefined && { stack: short(stack) }),
      fields: {},
    },
  }
}

function leftOut(error: Error, why: string): PlainThrown {
  return { value: `${attempt(() => String(error)) ?? 'an error'} (left out: ${why})` }
}

/** A list may say that it has billions. */
function hasErrors(list: readonly unknown[]): boolean {
  return (
    attempt(() => {
      for (let index = 0; index < list.length && index < MOST; index += 1) if (isError(list[index])) return true
      return false
    }) ?? false
  )
}

/** An error that came from where its class is known, to where it is not, has nothing of it left but the name. */
function classesOf(error: Error): string[] {
  const own = attempt(() => (Object.hasOwn(error, 'name') ? error.name : undefined))
  const names = typeof own === 'string' ? [own] : []
  let prototype: unknown = Object.getPrototypeOf(error)
  for (let level = 0; level < MOST_CLASSES && prototype !== null && prototype !== Object.prototype; level += 1) {
    const type: unknown = (prototype as object).constructor
    // A static `name` may be anything.
    if (typeof type === 'function' && typeof type.name === 'string' && type.name !== names[0]) names.push(type.name)
    prototype = Object.getPrototypeOf(prototype)
  }
  return names
}

/**
 * The error again, of the first of its classes that is known here: a built-in one, one of ours, or one of `classes`.
 *
 * Takes anything: throws `SerializationError` for what `plainThrown` can't have written.
 */
export function revivedThrown(thrown: unknown, classes: ErrorClasses = NONE): unknown {
  return new Revival(classes).revive(thrown)
}

/** Revives what was thrown, with all that {@link ArrivedData} refuses; no constructor, setter or method of it is run. */
export class Revival {
  readonly #classes: ErrorClasses
  readonly #data: ArrivedData

  constructor(classes: ErrorClasses, data = new ArrivedData()) {
    this.#classes = classes
    this.#data = data
  }

  /** @param depth how many errors it is a part of */
  revive(thrown: unknown, depth = 0): unknown {
    const part = this.#data.record(thrown, 'something thrown')
    if (!Object.hasOwn(part, 'error')) return own(part, 'value')
    if (depth === DEEPEST) throw misshapen('an error', `nested at most ${DEEPEST} deep`, 'a deeper one')
    return this.#error(this.#data.record(own(part, 'error'), 'an error'), depth + 1)
  }

  #error(plain: object, depth: number): Error {
    const error = this.#blank(plain)
    const name = text(own(plain, 'name'), 'the name of an error')
    const [stack, cause, errors] = ['stack', 'cause', 'errors'].map(key => own(plain, key))
    if (stack !== undefined) hide(error, 'stack', text(stack, 'the stack of an error'))
    if (cause !== undefined) hide(error, 'cause', this.revive(cause, depth))
    if (errors !== undefined) hide(error, 'errors', this.#list(errors, depth))
    for (const [key, value] of this.#members(own(plain, 'fields'))) define(error, key, value, true)
    for (const [key, value] of this.#members(own(plain, 'thrown') ?? {})) {
      define(error, key, Array.isArray(value) ? this.#list(value, depth) : this.revive(value, depth), true)
    }
    if (attempt(() => error.name) !== name) hide(error, 'name', name)
    return error
  }

  #list(value: unknown, depth: number): unknown[] {
    return this.#data.list(value, 'the errors of an error').map(member => this.revive(member, depth))
  }

  /** What has a place of its own has it because it is text, or revived. */
  #members(value: unknown): [string, unknown][] {
    const members = Object.entries(this.#data.record(value, 'the fields of an error'))
    const wrong = members.find(([key]) => WRITTEN_OUT.has(key))
    if (wrong !== undefined) throw misshapen('a field of an error', 'another one', wrong[0])
    return members
  }

  /** `setPrototypeOf` on a real error, so that it stays one for `util.types.isNativeError` and the inspector. */
  #blank(plain: object): Error {
    const message = text(own(plain, 'message'), 'the message of an error')
    for (const name of this.#data.list(own(plain, 'classes'), 'the classes of an error')) {
      const candidate = text(name, 'the class of an error')
      const type = this.#classes.get(candidate) ?? KNOWN.get(candidate)
      if (type !== undefined) return Object.setPrototypeOf(new Error(message), type.prototype)
      // What it says of itself it keeps where no prototype reaches.
      if (candidate === 'DOMException')
        return new DOMException(message, text(own(plain, 'name'), 'the name of an error'))
    }
    return new Error(message)
  }
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

function isArray(value: unknown): value is readonly unknown[] {
  return attempt(() => Array.isArray(value)) ?? false
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
