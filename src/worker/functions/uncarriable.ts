import { isPlain } from '../../serialize/is-plain.ts'
import { getBuiltinModule, types } from '../node.ts'

/** Where a value is carried. Processes share no memory, and know fewer kinds of objects. */
export type Destination = 'thread' | 'process'

/** The copy that arrives there; throws for what can't be carried. */
export function copyFor<T>(to: Destination, value: T): T {
  if (to === 'thread') return structuredClone(value)
  const { deserialize, serialize } = getBuiltinModule('node:v8')
  return deserialize(serialize(value))
}

/** They keep what they are where structured clone does not look, and would arrive as `{}`; of promises, handles do. */
const EMPTIED = new Set(
  `AbortController AbortSignal FormData Headers Promise Request Response TextDecoder TextEncoder URL URLSearchParams`.split(
    ' ',
  ),
)
/** Between threads these are cloned or moved; `send` makes them `{}`, whatever `v8.serialize` says of them. */
const EMPTIED_BY_PROCESS = new Set(
  `Blob BlockList CryptoKey File FileHandle MessagePort PrivateKeyObject PublicKeyObject ReadableStream SecretKeyObject
  SocketAddress TransformStream WritableStream X509Certificate`.split(/\s+/),
)
/** Threads take these, but never a copy. */
const MOVED = new Set(['MessagePort', 'ReadableStream', 'TransformStream', 'WritableStream'])
const REMEDIES: Readonly<Record<string, string>> = {
  AbortController: 'the function has a signal of its own, that of its task: currentTask().signal',
  AbortSignal: 'the function has a signal of its own, that of its task: currentTask().signal',
  Promise: 'await it first',
  WeakMap: 'pass a Map',
  WeakRef: 'pass what it refers to',
  WeakSet: 'pass a Set',
  URL: 'pass its href',
  URLSearchParams: 'pass it as a string',
  Generator: 'collect it into an array',
  AsyncGenerator: 'collect it into an array',
}

const PASS_DATA = 'pass the data in it'

/** Why a part of a value can't be carried, to go on from "the result …". */
export interface Uncarriable {
  readonly is: string
  readonly remedy: string
}

/** Whether it is a kind of object that would silently arrive as `{}`. */
export function isEmptiedBy(part: object, to: Destination): boolean {
  return EMPTIED.has(tagOf(part)) || (to === 'process' && EMPTIED_BY_PROCESS.has(nameOf(part)))
}

/** Whether it is an instance of a class that would arrive as a plain object. What structured clone refuses is not. */
export function losesClass(part: object, to: Destination): boolean {
  if (types.isProxy(part) || types.isDate(part) || types.isAnyArrayBuffer(part)) return false
  if (Array.isArray(part) || isPlain(part)) return false
  try {
    return isPlain(copyFor(to, part))
  } catch {
    // Of an instance a member may be to blame, which is found then.
    return false
  }
}

/** Why this part can't be carried, if that can be told without its members. */
export function uncarriable(part: unknown, to: Destination): Uncarriable | undefined {
  if (typeof part === 'function')
    return { is: 'a function', remedy: 'pass data, and let the function import what it calls' }
  if (typeof part === 'symbol') return { is: 'a symbol', remedy: 'pass a string' }
  if (typeof part !== 'object' || part === null) return undefined
  if (types.isProxy(part)) return { is: 'a Proxy', remedy: 'pass a plain copy of it' }
  if (part instanceof ArrayBuffer && part.detached) {
    return { is: 'an ArrayBuffer that has been moved away already', remedy: 'transfer moves it once: pass a copy' }
  }
  if (types.isSharedArrayBuffer(part) && to === 'process') {
    return { is: 'a SharedArrayBuffer', remedy: 'processes share no memory: use the mode thread, or pass a copy' }
  }
  const remedy = REMEDIES[tagOf(part)]
  if (isEmptiedBy(part, to) || (remedy !== undefined && isRefused(part, to))) {
    return { is: described(part), remedy: remedy ?? PASS_DATA }
  }
  return undefined
}

/** Why a part can't be carried none of whose members are to blame. */
export function refused(part: object, to: Destination): Uncarriable | undefined {
  if (losesClass(part, to)) {
    return {
      is: `an instance of ${nameOf(part)}`,
      remedy: 'it would arrive without its class: pass its data as a plain object, and make the instance there',
    }
  }
  if (!isRefused(part, to)) return undefined
  const movable = to === 'thread' && MOVED.has(nameOf(part))
  return { is: described(part), remedy: movable ? 'it can only be moved: transfer(value, [it])' : PASS_DATA }
}

function isRefused(part: object, to: Destination): boolean {
  try {
    if (to === 'thread') structuredClone(part)
    else getBuiltinModule('node:v8').serialize(part)
    return false
  } catch {
    return true
  }
}

function described(part: object): string {
  const name = nameOf(part)
  return /^[AEIO]/.test(name) ? `an ${name}` : `a ${name}`
}

/** The name of its class, or of its kind: the class of a generator has none. */
function nameOf(part: object): string {
  const name: unknown = Object.getPrototypeOf(part)?.constructor?.name
  return typeof name === 'string' && name !== '' ? name : tagOf(part)
}

function tagOf(part: object): string {
  return Object.prototype.toString.call(part).slice('[object '.length, -1)
}

/** Structured clone goes down on a stack that has an end, which may come sooner on the side where it arrives. */
export const DEEPEST_VALUE = 1_000

/** The value itself; throws what structured clone throws when it is nested deeper than the other side can be sure to read. */
export function notTooDeep<T>(value: T): T {
  if (typeof value === 'object' && value !== null) descend(value, 0, new Set())
  return value
}

/** For what is nested too deep. */
export function tooDeep(): DOMException {
  return new DOMException(`it is nested more than ${DEEPEST_VALUE.toLocaleString('en')} deep`, 'DataCloneError')
}

function descend(part: object, depth: number, seen: Set<object>): void {
  if (depth > DEEPEST_VALUE) throw tooDeep()
  if (seen.has(part) || ArrayBuffer.isView(part)) return
  seen.add(part)
  for (const member of membersOf(part)) {
    if (typeof member === 'object' && member !== null) descend(member, depth + 1, seen)
  }
}

function membersOf(part: object): readonly unknown[] {
  if (part instanceof Map) return [...part].flat()
  if (part instanceof Set) return [...part]
  return part instanceof Error ? [part.cause] : Object.values(part)
}
