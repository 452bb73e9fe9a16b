import { deserialize, serialize } from 'node:v8'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SerializationError } from '../../src/base/errors.ts'
import { decode, decodeArguments, encode } from '../../src/distributed/protocol/payload.ts'
import { decodeThrown, encodeThrown, failedReason, failureOf } from '../../src/distributed/protocol/protocol.ts'
import { plainThrown, revivedThrown } from '../../src/serialize/thrown.ts'
import { packValue, unpackArguments, unpackValue } from '../../src/worker/functions/carry.ts'
import { patience, runs } from './runs.ts'

const RUNS = 300
const MAX_BYTES = 2 ** 20
const OF = { of: 'arguments', name: 'work' } as const
const KEYS = ['__proto__', 'constructor', 'prototype', 'then', 'toString', 'stack', 'length', 'a', '0', '\ud800']

const error = fc
  .record({
    type: fc.constantFrom(Error, RangeError, TypeError),
    message: fc.string({ unit: 'binary' }),
    fields: fc.dictionary(fc.constantFrom(...KEYS.filter(key => key !== 'stack')), fc.jsonValue({ maxDepth: 1 })),
  })
  .map(({ type, message, fields }) => {
    const made = new type(message)
    for (const [key, value] of Object.entries(fields)) Object.defineProperty(made, key, { value, enumerable: true })
    return made
  })
/** Values with errors in them, under the keys that lead astray. */
const { value } = fc.letrec(tie => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.anything({ withDate: true, withMap: true, withSparseArray: true, withTypedArray: true, withBigInt: true }),
    error,
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.constantFrom(...KEYS), tie('value')), { maxLength: 4 })
      .map(members => members.reduce((object, [key, member]) => define(object, key, member), {})),
  ),
}))

function define(object: object, key: string, member: unknown): object {
  return Object.defineProperty(object, key, { value: member, enumerable: true, writable: true, configurable: true })
}

/** What a sender may put in the place of a part. */
const evil = fc.oneof(
  fc.constantFrom<unknown>(
    ...[undefined, null, -1, 0.5, 2 ** 32, Number.NaN, '', '__proto__', 'constructor', true, 5n],
    ...[['__proto__'], [['__proto__', 'polluted']], [[0, '__proto__', 'polluted']], { length: 4e9 }, { error: {} }],
  ),
  fc.constant(null).map(() => Object.assign([], { length: 4_000_000_000 })),
  fc.jsonValue({ maxDepth: 2 }),
)
const changes = fc.array(
  fc.record({
    at: fc.array(fc.nat(20), { minLength: 1, maxLength: 9 }),
    how: fc.constantFrom('set', 'drop', 'share'),
    evil,
  }),
  { minLength: 1, maxLength: 4 },
)
type Change = { readonly at: readonly number[]; readonly how: string; readonly evil: unknown }

/** Data as a sender may have sent it instead: parts replaced, left out, or there twice. */
function changed(data: unknown, all: readonly Change[]): unknown {
  const root = { data }
  for (const { at, how, evil } of all) {
    let holder: Record<string, unknown> = root
    let key = 'data'
    for (const step of at) {
      const next = holder[key]
      // Bytes take numbers alone.
      if (typeof next !== 'object' || next === null || ArrayBuffer.isView(next)) break
      const keys = Object.keys(next)
      if (keys.length === 0) break
      holder = next as Record<string, unknown>
      key = keys[step % keys.length] as string
    }
    if (how === 'drop') Reflect.deleteProperty(holder, key)
    else define(holder, key, how === 'share' ? root.data : evil)
  }
  return root.data
}

const PROTOTYPES = [Object, Array, Function, Error, RangeError, Map, Promise].map(type => type.prototype as object)
/** All that can be changed of them: their members with what those are, one after the other. */
const shape = () =>
  PROTOTYPES.flatMap(prototype => [
    Object.getPrototypeOf(prototype),
    ...Reflect.ownKeys(prototype).flatMap(key => [
      key,
      ...Object.values(Object.getOwnPropertyDescriptor(prototype, key) ?? {}),
    ]),
  ])
const BEFORE = shape()

/** Nothing but that error comes of it, and no prototype is changed. */
function harmless(read: () => unknown): void {
  try {
    read()
  } catch (thrown) {
    if (!(thrown instanceof SerializationError)) throw thrown
  }
}

describe('what arrives', () => {
  const check = <T>(property: fc.IProperty<T>) => {
    fc.assert(property, runs(RUNS))
    const after = shape()
    expect(after.filter((part, index) => !Object.is(part, BEFORE[index]))).toEqual([])
    expect(after).toHaveLength(BEFORE.length)
  }

  it('may be any change of a value', { timeout: patience(RUNS) }, () => {
    check(
      fc.property(value, changes, (original, all) => {
        const packed = attempt(() => changed(deserialize(serialize(packValue(original, 'process').data)), all))
        harmless(() => unpackValue(packed))
        const again = attempt(() => changed(structuredClone(packValue([original]).data), all))
        harmless(() => unpackArguments(again))
      }),
    )
  })

  it('may be any change of something thrown', { timeout: patience(RUNS) }, () => {
    const thrown = fc.oneof(
      error,
      fc.array(error, { maxLength: 3 }).map(errors => new AggregateError(errors)),
      value,
    )
    check(
      fc.property(thrown, error, changes, (original, cause, all) => {
        const whole = new Error('outer', {
          cause: Object.assign(new Error('inner', { cause: original }), { cause2: cause }),
        })
        harmless(() => revivedThrown(changed(structuredClone(plainThrown(whole, structuredClone)), all)))
      }),
    )
  })

  it('may be anything', { timeout: patience(RUNS) }, () => {
    check(
      fc.property(fc.anything(), anything => {
        for (const read of [unpackValue, unpackArguments, revivedThrown]) harmless(() => read(anything))
        harmless(() => failureOf(anything as string))
        harmless(() => decode(anything as string, MAX_BYTES))
      }),
    )
  })

  it('may be any change of a text', { timeout: patience(RUNS) }, () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.string({ maxLength: 4 })), { minLength: 1, maxLength: 5 })
    check(
      fc.property(value, edits, (original, all) => {
        const texts = [
          attempt(() => encode([original], OF, MAX_BYTES)) ?? '',
          encodeThrown(original),
          failedReason({ ending: 'threw', error: original }),
        ]
        for (const text of texts) {
          const edited = all.reduce((rest, [place, length, put]) => {
            const at = place % (rest.length + 1)
            return rest.slice(0, at) + put + rest.slice(at + length)
          }, text)
          for (const read of [decode, decodeArguments]) harmless(() => read(edited, MAX_BYTES))
          harmless(() => decodeThrown(edited))
          harmless(() => failureOf(edited))
        }
      }),
    )
  })

  it('may be any change of the bytes of a clone', { timeout: patience(RUNS) }, () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 })
    check(
      fc.property(value, flips, (original, all) => {
        const bytes = attempt(() => serialize(packValue([original], 'process').data))
        if (bytes === undefined) return
        for (const [place, byte] of all) bytes[place % bytes.length] = byte
        const text = `v${bytes.toString('base64')}`
        for (const read of [decode, decodeArguments]) harmless(() => read(text, MAX_BYTES))
        harmless(() => decodeThrown(text))
      }),
    )
  })
})

describe('a value that nobody has touched', () => {
  const alike = (arrived: unknown, sent: unknown) => expect(described(arrived, 2)).toEqual(described(sent, 2))

  it('arrives, errors and the keys of its members included', { timeout: patience(RUNS) }, () => {
    fc.assert(
      fc.property(value, original => {
        const packed = attempt(() => structuredClone(packValue(original).data))
        if (packed !== undefined) alike(unpackValue(packed), original)
        const text = attempt(() => encode(original, OF, MAX_BYTES))
        if (text !== undefined) alike(decode(text, MAX_BYTES), original)
      }),
      runs(RUNS),
    )
  })
})

/** What must be the same on both sides: keys in their order, and of errors the class and the fields. */
function described(part: unknown, depth: number): unknown {
  if (part instanceof Error) {
    return {
      class: Object.getPrototypeOf(part),
      message: part.message,
      fields: Object.entries(part).filter(([key]) => key !== 'stack'),
    }
  }
  if (typeof part !== 'object' || part === null || depth === 0) return Object.prototype.toString.call(part)
  return [Array.isArray(part), Object.entries(part).map(([key, member]) => [key, described(member, depth - 1)])]
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
