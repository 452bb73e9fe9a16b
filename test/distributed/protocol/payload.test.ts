import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, encode } from '../../../src/distributed/protocol/payload.ts'
import { runs } from '../../fuzz/runs.ts'

const OF = { of: 'arguments', name: 'work' } as const
const through = (value: unknown) => decode(encode(value, OF, 2 ** 24), 2 ** 24)

describe('a value on its way through a queue', () => {
  it.each([
    ['undefined', undefined],
    ['null', null],
    ['minus zero', -0],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['a bigint', 10n],
    ['text with what PostgreSQL does not take', 'a\u0000b\ud800'],
    ['an array with a hole', Object.assign([1], { 2: 2 })],
    ['an array with fields', Object.assign([1], { more: 2 })],
    ['undefined in an object', { a: undefined }],
    ['a key like a prototype', JSON.parse('{"__proto__":{"a":1}}')],
    ['something with toJSON', { toJSON: 1, a: 2 }],
    ['a date', new Date(5)],
    ['a map', new Map([[{ a: 1 }, new Set([1])]])],
    ['bytes', new Uint8Array([1, 2, 3])],
    ['an error in an array', [new RangeError('inside')]],
    ['the order of keys', { b: 1, a: 2, 1: 3 }],
  ])('is the same there: %s', (_, value) => {
    expect(through(value)).toStrictEqual(value)
    if (typeof value === 'object' && value !== null)
      expect(Object.keys(through(value) as object)).toEqual(Object.keys(value))
  })

  it('is the same there, whatever JSON can say', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), value => void expect(through(value)).toStrictEqual(value)),
      runs(100),
    )
  })

  it('is the same there, whatever structured clone can say', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
    })
    fc.assert(
      fc.property(anything, value => void expect(through(value)).toStrictEqual(structuredClone(value))),
      runs(100),
    )
  })

  it('may be nested deeply, and in itself', () => {
    let deep: unknown = 1
    for (let depth = 0; depth < 500; depth += 1) deep = [deep]
    expect(through(deep)).toEqual(deep)
    const cyclic: { self?: unknown } = {}
    cyclic.self = cyclic
    expect(through(cyclic)).toStrictEqual(cyclic)
  })

  it('is text that people can read where JSON loses nothing', () => {
    expect(encode([1, { a: 'ä' }], OF, 100)).toBe('j[1,{"a":"ä"}]')
  })

  it('says what of it can not be carried', () => {
    expect(() => encode(['x', { do: () => {} }], OF, 100)).toThrow(/^argument 2 of work, at \.?do, is a function/)
  })

  it.each([
    ['as JSON', 'x'.repeat(98)],
    ['as JSON, in bytes and not in letters', 'ä'.repeat(49)],
    ['as a clone', new Uint8Array(99)],
  ])('is refused when it is too large, %s', (_, value) => {
    expect(() => encode(value, OF, 100)).toThrow(/the arguments of work take \d+ bytes, and maxBytes allows 100/)
    expect(() => encode(value, { of: 'result', name: 'work' }, 100)).toThrow(/the result of work takes/)
  })

  it('may be just as large as is allowed', () => {
    expect(decode(encode('x'.repeat(97), OF, 100), 100)).toBe('x'.repeat(97))
  })

  it('is refused when another writer has written it', () => {
    expect(() => decode('{"a":1}', 100)).toThrow(/data of a newer or another library/)
  })
})
