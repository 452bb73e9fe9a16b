import { expected } from '../shared/expect.ts'
import { checkMapper, collected, mapped } from './mapping.ts'
import { endsOf, isNotSkipped, settledOf } from './p-map.ts'
import type { Control, KeyedMapper, Options, SettledOptions } from './types.ts'

type ValueOf<T> = T extends ReadonlyMap<unknown, infer V> ? V : T[keyof T]
type KeyOf<T> = T extends ReadonlyMap<infer K, unknown> ? K : keyof T
type Keyed<T, R> = T extends ReadonlyMap<infer K, unknown> ? Map<K, R> : { -readonly [K in keyof T]: R }

/**
 * `pMap` over the values of an object or a `Map`; the result has the same keys in the same order, without those whose mapper
 * gave `pMapSkip` and those from a `pMapStop` on. A value may be a promise; all are read in the call.
 *
 * Rejects as `pMap` does.
 */
export async function pMapKeyed<T extends object, R>(
  input: T,
  mapper: KeyedMapper<Awaited<ValueOf<T>>, KeyOf<T>, R>,
  options: Options = {},
): Promise<Keyed<T, Exclude<R, Control>>> {
  const { entries, call } = entriesOf(input, mapper)
  const ends = await endsOf(entries, call, options)
  const kept = ends.filter(isNotSkipped)
  return rebuilt(input, entries, kept, end => (end.status === 'fulfilled' ? end.value : undefined)) as Keyed<
    T,
    Exclude<R, Control>
  >
}

/** The same with `{ status, value | reason }` for each key: none rejects the whole. */
export async function pMapSettledKeyed<T extends object, R>(
  input: T,
  mapper: KeyedMapper<Awaited<ValueOf<T>>, KeyOf<T>, R>,
  options: SettledOptions = {},
): Promise<Keyed<T, PromiseSettledResult<Exclude<R, Control>>>> {
  const { entries, call } = entriesOf(input, mapper)
  const ends = await collected(mapped(entries, call, options, { ordered: false, stopOnError: false }), () => false)
  return rebuilt(input, entries, ends.filter(isNotSkipped), settledOf) as Keyed<
    T,
    PromiseSettledResult<Exclude<R, Control>>
  >
}

type Entry = readonly [key: unknown, value: unknown]

function entriesOf<T extends object, R>(
  input: T,
  mapper: KeyedMapper<Awaited<ValueOf<T>>, KeyOf<T>, R>,
): { readonly entries: readonly Entry[]; call(entry: Entry): Promise<R | Control> } {
  if (typeof input !== 'object' || input === null) throw expected('input', 'an object or a `Map`', input)
  checkMapper(mapper)
  const entries: Entry[] = input instanceof Map ? [...input] : ownEntries(input)
  // One whose turn has not come yet must not be an unhandled rejection.
  for (const [, value] of entries) if (value instanceof Promise) value.catch(() => {})
  return { entries, call: async ([key, value]) => mapper((await value) as Awaited<ValueOf<T>>, key as KeyOf<T>) }
}

function ownEntries(input: object): Entry[] {
  const keys = Reflect.ownKeys(input).filter(key => Object.prototype.propertyIsEnumerable.call(input, key))
  return keys.map(key => [key, (input as Record<PropertyKey, unknown>)[key]])
}

function rebuilt<E extends { readonly index: number }>(
  input: object,
  entries: readonly Entry[],
  ends: readonly E[],
  toValue: (end: E) => unknown,
): Map<unknown, unknown> | Record<PropertyKey, unknown> {
  const pairs = ends.map(end => [entries[end.index]?.[0], toValue(end)] as const)
  if (input instanceof Map) return new Map(pairs)
  const result = Object.create(null) as Record<PropertyKey, unknown>
  for (const [key, value] of pairs) {
    Object.defineProperty(result, key as PropertyKey, { value, enumerable: true, writable: true, configurable: true })
  }
  return result
}
