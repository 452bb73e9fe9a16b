import type { Transferable } from 'node:worker_threads'
import { ArrivedData, denseList, misshapen, own } from '../../serialize/arrived.ts'
import { isPlain } from '../../serialize/is-plain.ts'
import { type PlainThrown, Revival, Writing } from '../../serialize/thrown.ts'
import { types } from '../node.ts'
import { errorClasses } from './error-classes.ts'
import { marks } from './transfer.ts'
import { DEEPEST_VALUE, type Destination, isEmptiedBy, losesClass, notTooDeep, tooDeep } from './uncarriable.ts'
import { ViewCopies } from './view-copies.ts'

/** A value ready for `postMessage`, with what is moved instead of copied. */
export interface PackedValue {
  readonly data: unknown
  readonly transfer: readonly Transferable[]
}

/** Structured clone does the work; beside it go the errors, whose class and fields it would lose. */
interface Packed {
  readonly value: unknown
  readonly errors?: readonly PackedError[]
  /** Those of the views in it that were a `Buffer`: they are the same objects in here, and structured clone keeps that. */
  readonly buffers?: readonly unknown[]
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
 * Makes a value ready for the way to another thread or process, where {@link unpackValue} gives its equal. What
 * can be carried is what structured clone can, nested up to 1,000 deep: accessors arrive as what they gave, fields with
 * symbols for keys are missing; the same object twice arrives as one; cycles stay. A view of memory, as a `Buffer` is,
 * arrives with its own bytes alone, and nothing else is copied here.
 *
 * Errors and what {@link transfer} has marked are found in the value itself, in its members and in the members of those,
 * of arrays and plain objects. Errors further inside arrive as structured clone leaves them: built-in, without own fields.
 *
 * Throws for an instance of a class, which would arrive without its methods, and for what would silently arrive empty;
 * anything else is for `postMessage` to refuse.
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
  const buffers = own(packed, 'buffers')
  if (buffers !== undefined) for (const bytes of arrived.list(buffers, 'the buffers of a value')) becomeBuffer(bytes)
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

function becomeBuffer(bytes: unknown): void {
  if (!types.isUint8Array(bytes)) throw misshapen('a buffer of a value', 'a Uint8Array', bytes)
  Object.setPrototypeOf(bytes, Buffer.prototype)
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
  readonly #views = new Set<NodeJS.ArrayBufferView>()
  /** Of what is further inside each part is looked at once: it may be there twice, or in itself. */
  readonly #seen = new Set<object>()
  #writing: Writing | undefined

  constructor(to: Destination) {
    this.#to = to
  }

  pack(value: unknown): PackedValue {
    if (isObject(value)) this.#look(value, 0)
    const transfer = [...this.#transfer]
    const errors = [...this.#errors.values()]
    const itself = errors[0]?.at[0]?.length === 0
    if (this.#views.size === 0) {
      if (errors.length === 0) return { data: { value } satisfies Packed, transfer }
      return { data: { value: itself ? undefined : value, errors } satisfies Packed, transfer }
    }
    const copies = new ViewCopies(this.#views, this.#transfer)
    const buffers = [...this.#views].filter(Buffer.isBuffer).map(view => copies.of(view))
    const data: Packed = { value: copies.rebuild(value), buffers, ...(errors.length > 0 && { errors }) }
    return { data, transfer }
  }

  #look(part: object, depth: number): void {
    if (depth > DEEPEST) {
      if (this.#seen.has(part)) return
      if (depth > DEEPEST_VALUE) throw tooDeep()
      this.#seen.add(part)
    } else if (marks.any) for (const item of marks.lists.get(part) ?? []) this.#transfer.add(item)
    if (Array.isArray(part)) this.#lookThrough(part, depth)
    else if (isPlain(part)) {
      let position = 0
      for (const key of Object.keys(part)) this.#lookInto((part as Record<string, unknown>)[key], position++, depth)
    } else if (part instanceof Error) {
      if (depth <= DEEPEST) this.#found(part)
      else refuseEndless(part)
    } else if (ArrayBuffer.isView(part)) {
      // What a process gets is copied out of what has come through a pipe.
      if (this.#to === 'thread') this.#views.add(part as NodeJS.ArrayBufferView)
    } else if (part instanceof Map) {
      for (const [key, member] of part) for (const each of [key, member]) this.#lookInside(each, depth)
    } else if (part instanceof Set) {
      for (const member of part) this.#lookInside(member, depth)
    } else if (isEmptiedBy(part, this.#to) || losesClass(part, this.#to)) {
      throw new DOMException(`${Object.prototype.toString.call(part)} could not be cloned.`, 'DataCloneError')
    }
  }

  /** Of an array with a hole nobody knows how many there are: its length may be billions. */
  #lookThrough(list: readonly unknown[], depth: number): void {
    for (let index = 0; index < list.length; index += 1) {
      const member = list[index]
      if (member === undefined && !(index in list)) return this.#lookThroughKeys(list, index, depth)
      this.#lookInto(member, index, depth)
    }
  }

  #lookThroughKeys(list: readonly unknown[], from: number, depth: number): void {
    for (const key of Object.keys(list)) {
      const index = Number(key)
      if (index >= from) this.#lookInto(list[index], index, depth)
    }
  }

  #lookInto(member: unknown, step: number, depth: number): void {
    if (!isObject(member)) return
    if (depth >= DEEPEST) return this.#look(member, depth + 1)
    this.#path.push(step)
    this.#look(member, depth + 1)
    this.#path.pop()
  }

  /** No path leads there: errors in it are further inside. */
  #lookInside(member: unknown, depth: number): void {
    if (isObject(member)) this.#look(member, Math.max(depth, DEEPEST) + 1)
  }

  /** The same error twice arrives as one. */
  #found(error: Error): void {
    const path = [...this.#path]
    const found = this.#errors.get(error)
    if (found !== undefined) return void found.at.push(path)
    if (path.length > 0) refuseEndless(error)
    this.#writing ??= new Writing(field => structuredClone(notTooDeep(field)))
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
