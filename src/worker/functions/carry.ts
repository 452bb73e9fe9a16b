import type { Transferable } from 'node:worker_threads'
import { type PlainThrown, plainThrown, revivedThrown } from '../../serialise/thrown.ts'
import { errorClasses } from './error-classes.ts'
import { transferList } from './transfer.ts'

/** A value ready for `postMessage`, with what is moved instead of copied. */
export interface PackedValue {
  readonly data: unknown
  readonly transfer: readonly Transferable[]
}

interface Packed {
  readonly value: unknown
  /** Errors in the value, by where they are. */
  readonly errors?: readonly (readonly [path: readonly PropertyKey[], PlainThrown])[]
}

const DEEPEST = 2

export function packValue(value: unknown): PackedValue {
  const errors: [PropertyKey[], PlainThrown][] = []
  const transfers = new Set<Transferable>()
  look(value, [])
  const data: Packed = errors.length === 0 ? { value } : { value: value instanceof Error ? undefined : value, errors }
  return { data, transfer: [...transfers] }

  function look(part: unknown, path: PropertyKey[]): void {
    if (typeof part !== 'object' || part === null) return
    for (const item of transferList(part) ?? []) transfers.add(item)
    if (part instanceof Error) errors.push([path, plainThrown(part, structuredClone)])
    else if (path.length < DEEPEST && isContainer(part)) {
      for (const [key, member] of Object.entries(part)) look(member, [...path, key])
    }
  }
}

export function unpackValue(data: unknown): unknown {
  const { value, errors } = data as Packed
  if (errors === undefined) return value
  let whole = value
  for (const [path, thrown] of errors) {
    const error = revivedThrown(thrown, errorClasses())
    const last = path.at(-1)
    if (last === undefined) whole = error
    else {
      const holder = path.slice(0, -1).reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)[key], whole)
      ;(holder as Record<PropertyKey, unknown>)[last] = error
    }
  }
  return whole
}

function isContainer(value: object): boolean {
  if (Array.isArray(value)) return true
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
