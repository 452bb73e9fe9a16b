import type { Transferable } from 'node:worker_threads'
import { ArrivedData, denseList, misshapen, own } from '../../serialise/arrived.ts'
import { type PlainThrown, Revival, Writing } from '../../serialise/thrown.ts'
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
  /** Where in the value it belongs. */
  readonly at: readonly Path[]
  readonly thrown: PlainThrown
}

/**
 * From a value to a part of it, empty for the value itself: at each step the index in an array, or the number of a key
 * among those of an object. Never its name: one from outside may be `__proto__`, and one of ours `constructor`.
 */
type Path = readonly number[]

/** A value, its members and theirs are looked at: in the arguments of a call that is each of them and its members. */
const DEEPEST = 2
const MOST_CAUSES = 1_000

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

/**
 * What a value was before {@link packValue}, from what has arrived.
 *
 * Takes anything: throws `SerializationError` for what `packValue` can't have made, runs nothing that came with it, and
 * changes nothing but it.
 */
export function unpackValue(data: unknown): unknown {
  const arrived = new ArrivedData()
  const packed = arrived.record(data, 'a value')
  let value = own(packed, 'value')
  const errors = own(packed, 'errors')
  if (errors === undefined) return value
  const revival = new Revival(errorClasses(), arrived)
  const places = new Places()
  for (const entry of arrived.list(errors, 'the errors of a value')) {
    const part = arrived.record(entry, 'an error of a value')
    const error = revival.revive(own(part, 'thrown'))
    for (const path of arrived.list(own(part, 'at'), 'the places of an error')) value = places.put(error, path, value)
  }
  return value
}

/** Arguments: what {@link unpackValue} gives, which must be an array without holes. */
export function unpackArguments(data: unknown): readonly unknown[] {
  return denseList(unpackValue(data), 'the arguments')
}

/** Puts errors where they belong, in arrays and plain objects alone. */
class Places {
  /** Each object is asked once for its keys, however many errors it has. */
  readonly #keys = new Map<object, readonly string[]>()

  /** The value with the error in it; the error itself when the path leads nowhere. */
  put(error: unknown, path: unknown, whole: unknown): unknown {
    const steps = denseList(path, 'the place of an error')
    if (steps.length > DEEPEST) throw misshapen('the place of an error', `at most ${DEEPEST} steps`, path)
    const last = steps.at(-1)
    if (last === undefined) return error
    let holder = whole
    for (const step of steps.slice(0, -1)) holder = own(holder as object, this.#key(holder, step))
    const key = this.#key(holder, last)
    Object.defineProperty(holder, key, { value: error, enumerable: true, writable: true, configurable: true })
    return whole
  }

  #key(holder: unknown, step: unknown): string {
    const key = isObject(holder) && typeof step === 'number' ? this.#keyOf(holder, step) : undefined
    if (key === undefined) throw misshapen('the place of an error', 'in the value', step)
    return key
  }

  #keyOf(holder: object, step: number): string | undefined {
    if (Array.isArray(holder)) return Object.hasOwn(holder, step) ? String(step) : undefined
    if (!isPlain(holder)) return undefined
    let keys = this.#keys.get(holder)
    if (keys === undefined) this.#keys.set(holder, (keys = Object.keys(holder)))
    return keys[step]
  }
}

class Packing {
  readonly #to: Destination
  readonly #path: number[] = []
  readonly #errors = new Map<Error, { readonly at: Path[]; readonly thrown: PlainThrown }>()
  readonly #transfer = new Set<Transferable>()
  #writing: Writing | undefined

  constructor(to: Destination) {
    this.#to = to
  }

  pack(value: unknown): PackedValue {
    if (isObject(value)) this.#look(value)
    const transfer = [...this.#transfer]
    if (this.#errors.size === 0) return { data: { value } satisfies Packed, transfer }
    const errors = [...this.#errors.values()]
    const itself = errors[0]?.at[0]?.length === 0
    return { data: { value: itself ? undefined : value, errors } satisfies Packed, transfer }
  }

  #look(part: object): void {
    if (anyTransfers()) for (const item of transferList(part) ?? []) this.#transfer.add(item)
    if (Array.isArray(part)) {
      if (this.#path.length < DEEPEST) this.#lookThrough(part)
    } else if (isPlain(part)) {
      if (this.#path.length === DEEPEST) return
      let position = 0
      for (const key of Object.keys(part)) this.#lookInto((part as Record<string, unknown>)[key], position++)
    } else if (part instanceof Error) {
      this.#found(part)
    } else if (isEmptiedBy(part, this.#to)) {
      throw new DOMException(`${Object.prototype.toString.call(part)} could not be cloned.`, 'DataCloneError')
    }
  }

  /** Of an array with a hole nobody knows how many there are: its length may be billions. */
  #lookThrough(list: readonly unknown[]): void {
    for (let index = 0; index < list.length; index += 1) {
      const member = list[index]
      if (member === undefined && !(index in list)) return this.#lookThroughKeys(list, index)
      this.#lookInto(member, index)
    }
  }

  #lookThroughKeys(list: readonly unknown[], from: number): void {
    for (const key of Object.keys(list)) {
      const index = Number(key)
      if (index >= from) this.#lookInto(list[index], index)
    }
  }

  #lookInto(member: unknown, step: number): void {
    if (!isObject(member)) return
    this.#path.push(step)
    this.#look(member)
    this.#path.pop()
  }

  /** The same error twice arrives as one. */
  #found(error: Error): void {
    const path = [...this.#path]
    const found = this.#errors.get(error)
    if (found !== undefined) return void found.at.push(path)
    if (path.length > 0) refuseEndless(error)
    this.#writing ??= new Writing(structuredClone)
    this.#errors.set(error, { at: [path], thrown: this.#writing.write(error) })
  }
}

/**
 * Structured clone goes down the chain of causes too, on a stack that has an end: what it can just take here may be too
 * much for the side where it arrives.
 */
function refuseEndless(error: Error): void {
  const chain = new Set<unknown>()
  for (let link: unknown = error; link instanceof Error && !chain.has(link); link = link.cause) {
    if (chain.size === MOST_CAUSES) {
      const reason = `an error has more than ${MOST_CAUSES} causes nested in each other: cut the chain`
      throw new DOMException(reason, 'DataCloneError')
    }
    chain.add(link)
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Also of another realm, such as that of a test runner. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null
}
