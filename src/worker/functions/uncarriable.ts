import { types } from 'node:util'
import { serialize } from 'node:v8'

/** Where a value is carried. Processes share no memory, and know fewer kinds of objects. */
export type Destination = 'thread' | 'process'

/** They keep what they are where structured clone does not look, and would arrive as `{}`. */
const EMPTIED = new Set(
  `AbortController AbortSignal FormData Headers Request Response TextDecoder TextEncoder URL URLSearchParams`.split(
    ' ',
  ),
)
/** Between threads these are cloned or moved. */
const EMPTIED_BY_PROCESS = new Set(
  `Blob CryptoKey File ReadableStream TransformStream WritableStream X509Certificate`.split(' '),
)
/** Threads take these, but never a copy. */
const MOVED = new Set(['MessagePort', 'ReadableStream', 'TransformStream', 'WritableStream'])
const REMEDIES: Readonly<Record<string, string>> = {
  AbortController: 'the function has a signal of its own, that of its task: currentTask().signal',
  AbortSignal: 'the function has a signal of its own, that of its task: currentTask().signal',
  Promise: 'await it first',
  Proxy: 'pass a plain copy of it',
  WeakMap: 'pass a Map',
  WeakRef: 'pass what it refers to',
  WeakSet: 'pass a Set',
  URL: 'pass its href',
  URLSearchParams: 'pass it as a string',
  Generator: 'collect it into an array',
  AsyncGenerator: 'collect it into an array',
}

/** Why a part of a value can't be carried, to go on from "the result …". */
export interface Uncarriable {
  readonly is: string
  readonly remedy: string
}

/** Whether it is a kind of object that would silently arrive as `{}`. */
export function isEmptiedBy(value: object, to: Destination): boolean {
  const tag = (value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag]
  if (typeof tag !== 'string') return false
  return EMPTIED.has(tag) || (to === 'process' && EMPTIED_BY_PROCESS.has(tag))
}

/** Why this part alone can't be carried, if that can be told without its members. */
export function uncarriable(part: unknown, to: Destination): Uncarriable | undefined {
  if (typeof part === 'function')
    return { is: 'a function', remedy: 'pass data, and let the function import what it calls' }
  if (typeof part === 'symbol') return { is: 'a symbol', remedy: 'pass a string' }
  if (typeof part !== 'object' || part === null) return undefined
  if (types.isProxy(part)) return { is: 'a Proxy', remedy: REMEDIES.Proxy as string }
  if (part instanceof ArrayBuffer && part.detached) {
    return { is: 'an ArrayBuffer that has been moved away already', remedy: 'transfer moves it once: pass a copy' }
  }
  const kind = kindOf(part)
  if (types.isSharedArrayBuffer(part)) {
    if (to === 'thread') return undefined
    return { is: `a ${kind}`, remedy: 'processes share no memory: use the mode thread, or pass a copy' }
  }
  if (isEmptiedBy(part, to) || (kind in REMEDIES && isRefused(part, to))) {
    return { is: described(part), remedy: REMEDIES[kind] ?? 'pass the data in it' }
  }
  return undefined
}

/** Why a part can't be carried none of whose members are to blame. */
export function refused(part: object, to: Destination): Uncarriable | undefined {
  if (!isRefused(part, to)) return undefined
  const movable = to === 'thread' && MOVED.has(kindOf(part))
  return {
    is: described(part),
    remedy: movable ? 'it can only be moved: transfer(value, [it])' : 'pass the data in it',
  }
}

function isRefused(part: object, to: Destination): boolean {
  try {
    if (to === 'thread') structuredClone(part)
    else serialize(part)
    return false
  } catch {
    return true
  }
}

function described(part: object): string {
  const kind = kindOf(part)
  return /^[AEIOU]/.test(kind) ? `an ${kind}` : `a ${kind}`
}

function kindOf(part: object): string {
  const tag = Object.prototype.toString.call(part).slice('[object '.length, -1)
  if (tag !== 'Object') return tag
  const name: unknown = Object.getPrototypeOf(part)?.constructor?.name
  return typeof name === 'string' && name !== '' && name !== 'Object' ? `${name} instance` : 'object'
}
