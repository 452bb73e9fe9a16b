import type { InspectOptions, inspect } from 'node:util'
import { attempt } from './attempt.ts'

/** The method by which `console.log` and `util.inspect` ask an object what it is. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom')

/** What such a method is called with. */
export type Inspection = readonly [depth: number, options: InspectOptions, inspect: typeof inspect]

/** An object as `Name { … }`, with these fields. Never throws: among the fields may be what users hand in. */
export function inspected(name: string, fields: object, ...[depth, options, inspect]: Inspection): string {
  const left = options?.depth
  const inner = { ...options, depth: typeof left === 'number' ? left - 1 : left }
  return (depth >= 0 ? attempt(() => `${name} ${inspect(fields, inner)}`) : undefined) ?? `[${name}]`
}
