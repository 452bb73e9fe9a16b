import { isPlain } from '../serialize/is-plain.ts'
import { TaskPromise } from '../task/handle.ts'

/** An argument and its members are looked at. */
const DEEPEST = 1

/**
 * The arguments once every handle among them has given its result; `undefined` when there is no handle. One may be a
 * member of an argument too, of an array or a plain object, which is copied then: `sum([square(2), square(3)])`.
 */
export function pendingArguments(args: readonly unknown[]): Promise<unknown[]> | undefined {
  return args.some(arg => hasHandle(arg, DEEPEST)) ? Promise.all(args.map(arg => given(arg, DEEPEST))) : undefined
}

function hasHandle(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (value instanceof TaskPromise) return true
  if (depth === 0) return false
  if (Array.isArray(value)) return value.some(member => hasHandle(member, depth - 1))
  return isPlain(value) && Object.values(value).some(member => hasHandle(member, depth - 1))
}

/** By `then`, so that the caller does not count as waiting for them: the new task does. */
function given(value: unknown, depth: number): unknown {
  if (value instanceof TaskPromise) return value.then(result => result)
  if (!hasHandle(value, depth)) return value
  if (Array.isArray(value)) return Promise.all(value.map(member => given(member, depth - 1)))
  const members = Object.entries(value as object).map(async ([key, member]) => [key, await given(member, depth - 1)])
  return Promise.all(members).then(Object.fromEntries)
}
