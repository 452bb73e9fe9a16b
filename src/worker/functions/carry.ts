import type { Transferable } from 'node:worker_threads'
import { type PlainThrown, plainThrown, revivedThrown } from '../../serialise/thrown.ts'
import { errorClasses } from './error-classes.ts'
import { anyTransfers, transferList } from './transfer.ts'
import { type Destination, isEmptiedBy } from './uncarriable.ts'

/** A value ready for `postMessage`, with what is moved instead of copied. */
export interface PackedValue {
  readonly data: unknown
  readonly transfer: readonly Transferable[]
}

/** Structured clone does the work; beside it go the errors, whose class and fields it would lose. */
interface Packed {
  readonly value: unknown
  readonly errors?: readonly PackedError[]
}

interface PackedError {
  /** Where in the value it belongs; nowhere when it is the value. */
  readonly path: readonly PropertyKey[]
  readonly thrown: PlainThrown
}

/** A value, its members and theirs are looked at: in the arguments of a call that is each of them and its members. */
const DEEPEST = 2

/**
 * Makes a value ready for the way to another thread or process, where {@link unpackValue} gives its equal. Nothing is
 * copied here, and what can be carried is what structured clone can: class instances arrive as plain objects, without
 * methods, accessors, private and symbol-keyed fields; the same object twice arrives as one; cycles stay.
 *
 * Errors and what {@link transfer} has marked are found in the value itself, in its members and in the members of those,
 * of arrays and plain objects. Errors further inside arrive as structured clone leaves them: built-in, without own fields.
 *
 * Throws when something was found that would silently arrive empty; anything else is for `postMessage` to refuse.
 * `carryFailure` then says what it was.
 */
export function packValue(value: unknown, to: Destination = 'thread'): PackedValue {
  return new Packing(to).pack(value)
}

/** What a value was before {@link packValue}, from what has arrived. */
export function unpackValue(data: unknown): unknown {
  const { value, errors = [] } = data as Packed
  return errors.reduce((whole, { path, thrown }) => {
    const error = revivedThrown(thrown, errorClasses())
    const key = path.at(-1)
    if (key === undefined) return error
    const holder = path.slice(0, -1).reduce(memberOf, whole)
    Object.defineProperty(holder, key, { value: error, enumerable: true, writable: true, configurable: true })
    return whole
  }, value)
}

class Packing {
  readonly #to: Destination
  readonly #path: PropertyKey[] = []
  readonly #errors: PackedError[] = []
  readonly #transfer = new Set<Transferable>()

  constructor(to: Destination) {
    this.#to = to
  }

  pack(value: unknown): PackedValue {
    if (isObject(value)) this.#look(value)
    const errors = this.#errors
    if (errors.length === 0) return { data: { value } satisfies Packed, transfer: [...this.#transfer] }
    const data: Packed = { value: errors[0]?.path.length === 0 ? undefined : value, errors }
    return { data, transfer: [...this.#transfer] }
  }

  #look(part: object): void {
    if (anyTransfers()) for (const item of transferList(part) ?? []) this.#transfer.add(item)
    if (Array.isArray(part)) {
      if (this.#path.length === DEEPEST) return
      for (let index = 0; index < part.length; index += 1) this.#lookInto(part[index], index)
    } else if (isPlain(part)) {
      if (this.#path.length === DEEPEST) return
      for (const key of Object.keys(part)) this.#lookInto((part as Record<string, unknown>)[key], key)
    } else if (part instanceof Error) {
      this.#errors.push({ path: [...this.#path], thrown: plainThrown(part, structuredClone) })
    } else if (isEmptiedBy(part, this.#to)) {
      throw new DOMException(`${Object.prototype.toString.call(part)} could not be cloned.`, 'DataCloneError')
    }
  }

  #lookInto(member: unknown, key: PropertyKey): void {
    if (!isObject(member)) return
    this.#path.push(key)
    this.#look(member)
    this.#path.pop()
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function memberOf(holder: unknown, key: PropertyKey): unknown {
  return (holder as Record<PropertyKey, unknown>)[key]
}
