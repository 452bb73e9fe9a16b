import { deserialize, serialize } from 'node:v8'
import { SerializationError } from '../../base/errors.ts'
import { denseList, misshapen } from '../../serialize/arrived.ts'
import type { TaskProgress } from '../../task/types.ts'
import { packValue, unpackValue } from '../../worker/functions/carry.ts'
import { type CarryAttempt, carryFailure } from '../../worker/functions/carry-failure.ts'
import { isKept } from './kept-text.ts'

/** Whose value it is, for the error if it can't be carried. */
type Carried = Omit<CarryAttempt, 'to'>

const NOTHING = 'u'
const AS_JSON = 'j'
const AS_CLONE = 'v'
/** A UTF-16 unit takes at most three bytes of UTF-8. */
const LONGEST_UNIT = 3
const DEEPEST = 64

/**
 * A value as text, for the data of a job: JSON, which people can read in the tools for queues, where that loses nothing;
 * else what structured clone makes of it, in base64. Text within the data and not the data itself, because PostgreSQL
 * neither keeps the order of keys nor takes every character: in JSON within text they are escaped.
 *
 * Throws `SerializationError` for what can't be carried, and for more than `maxBytes` bytes.
 */
export function encode(value: unknown, of: Carried, maxBytes: number): string {
  const text = encoded(value, of)
  if (text.length * LONGEST_UNIT <= maxBytes) return text
  const bytes = Buffer.byteLength(text)
  if (bytes <= maxBytes) return text
  throw new SerializationError(
    `the ${of.of} of ${of.name} ${of.of === 'result' ? 'takes' : 'take'} ${bytes} bytes, and maxBytes allows ${maxBytes}: ` +
      'keep the data where both sides can read it, and pass its name',
  )
}

function encoded(value: unknown, of: Carried): string {
  if (value === undefined) return NOTHING
  const json = asJson(value)
  if (json !== undefined) return AS_JSON + json
  try {
    return AS_CLONE + serialize(packValue(value, 'process').data).toString('base64')
  } catch (cause) {
    throw carryFailure(value, cause, { ...of, to: 'process' })
  }
}

/**
 * The value again, from text of at most `maxBytes` bytes. Takes anything: throws `SerializationError` for what
 * {@link encode} can't have made, before anything of it is used.
 */
export function decode(text: string, maxBytes: number): unknown {
  if (typeof text !== 'string') throw misshapen('what a job carries', 'a string', text)
  refuseTooLong(text, maxBytes)
  const rest = text.slice(1)
  switch (text[0]) {
    case NOTHING:
      return undefined
    case AS_JSON:
      return read(() => JSON.parse(rest))
    case AS_CLONE:
      return unpackValue(read(() => deserialize(Buffer.from(rest, 'base64'))))
    default:
      throw new SerializationError(`a job has data of a newer or another library: ${text.slice(0, 20)}`)
  }
}

/** Progress as it is, which tools for queues show, or as text where a server would not keep it. */
export function encodeProgress(progress: TaskProgress, maxBytes: number): object | string {
  if (isKept(progress.message ?? '')) return progress
  return encode(progress, { of: 'result', name: 'the progress of a call' }, maxBytes)
}

/** The progress again; whether it is any is not checked. */
export function decodeProgress(progress: unknown, maxBytes: number): unknown {
  return typeof progress === 'string' ? decode(progress, maxBytes) : progress
}

/** The arguments of a call: what {@link decode} gives, which must be an array without holes. */
export function decodeArguments(text: string, maxBytes: number): readonly unknown[] {
  return denseList(decode(text, maxBytes), 'the arguments')
}

function refuseTooLong(text: string, maxBytes: number): void {
  if (text.length * LONGEST_UNIT <= maxBytes) return
  const bytes = Buffer.byteLength(text)
  if (bytes <= maxBytes) return
  throw new SerializationError(
    `what arrived takes ${bytes} bytes, and maxBytes allows ${maxBytes} here: allow the same on both sides`,
  )
}

function read(parse: () => unknown): unknown {
  try {
    return parse()
  } catch (cause) {
    throw new SerializationError("what arrived can't be read: it is damaged, or another library has sent it", { cause })
  }
}

/** As JSON, if that gives back the same; not for what breaks while it is looked at. */
function asJson(value: unknown): string | undefined {
  try {
    return isJson(value, DEEPEST, new Set()) ? JSON.stringify(value) : undefined
  } catch {
    return undefined
  }
}

/** @param seen the objects so far: one that is there twice arrives as one, which JSON can't say */
function isJson(value: unknown, depth: number, seen: Set<object>): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
    case 'object':
      return value === null || (depth > 0 && isJsonObject(value, depth - 1, seen))
    default:
      return false
  }
}

function isJsonObject(value: object, depth: number, seen: Set<object>): boolean {
  if (seen.has(value)) return false
  seen.add(value)
  if (Array.isArray(value)) return isJsonArray(value, depth, seen)
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === 'symbol' || key === '__proto__' || key === 'toJSON') return false
    if (!isJson((value as Record<string, unknown>)[key], depth, seen)) return false
  }
  return prototype !== null
}

function isJsonArray(value: readonly unknown[], depth: number, seen: Set<object>): boolean {
  for (let index = 0; index < value.length; index += 1) {
    if (!isJson(value[index], depth, seen)) return false
  }
  return Object.keys(value).length === value.length
}
