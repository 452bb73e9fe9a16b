import { SerializationError } from '../base/errors.ts'
import { show } from '../base/options.ts'

/**
 * The parts of data that came from outside: another process, a queue, a file. They are read by their own properties alone,
 * so that nothing of the sender's, and nothing that a program put on `Object.prototype`, is taken for one of them.
 *
 * A part is read once: this library writes each anew, and data that refers to one part a thousand times, within another
 * that it refers to a thousand times, would take for ever. So reading takes no longer than the data is long.
 */
export class ArrivedData {
  readonly #read = new Set<object>()

  /** A part that has members; throws `SerializationError` for anything else. */
  record(value: unknown, what: string): object {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw misshapen(what, 'an object', value)
    return this.#once(value, what)
  }

  /** A list without holes: of one that has them, `length` says nothing of what it takes to go through it. */
  list(value: unknown, what: string): readonly unknown[] {
    return this.#once(denseList(value, what), what)
  }

  #once<T extends object>(part: T, what: string): T {
    if (this.#read.has(part)) throw misshapen(what, 'there once', 'the same again')
    this.#read.add(part)
    return part
  }
}

/** Its own member by this name, `undefined` when there is none. */
export function own(part: object, key: string): unknown {
  return Object.hasOwn(part, key) ? (part as Record<string, unknown>)[key] : undefined
}

/** An array without holes; throws `SerializationError` for anything else. */
export function denseList(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw misshapen(what, 'an array', value)
  for (let index = 0; index < value.length; index += 1) {
    if (value[index] === undefined && !Object.hasOwn(value, index))
      throw misshapen(what, 'an array without holes', value)
  }
  return value
}

/** Text; throws `SerializationError` for anything else. */
export function text(value: unknown, what: string): string {
  if (typeof value !== 'string') throw misshapen(what, 'a string', value)
  return value
}

/** The error for what arrived and is not what this library sends. */
export function misshapen(what: string, rule: string, value: unknown): SerializationError {
  return new SerializationError(
    `what arrived can't be read: ${what} must be ${rule}, got ${show(value)} (another library, or another version of this one, has sent it)`,
  )
}
