import { describe, expect, it } from 'vitest'
import { SerializationError } from '../../../src/base/errors.ts'
import { packValue, unpackArguments, unpackValue } from '../../../src/worker/functions/carry.ts'

const thrown = () => ({ error: { classes: ['Error'], name: 'Error', message: 'forged', fields: {} } })
const packed = (value: unknown, ...at: unknown[]) => ({ value, errors: [{ at, thrown: thrown() }] })
const sparse = (length: number) => Object.assign([], { length })
const carried = (value: unknown) => unpackValue(structuredClone(packValue(value).data))

describe('what arrives as a value', () => {
  const shared = { at: [[0]], thrown: thrown() }
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['text', 'value'],
    ['a list', [1]],
    ['errors that are no list', { value: [1], errors: {} }],
    ['errors without end', { value: [1], errors: sparse(4e9) }],
    ['an error that is none', { value: [1], errors: [1] }],
    ['an error that belongs nowhere', { value: [1], errors: [{ thrown: thrown() }] }],
    ['an error at a place that is text', packed([1], '__proto__')],
    ['an error at a place that is an object', packed([1], { length: 1 })],
    ['an error with places without end', { value: [1], errors: [{ at: sparse(4e9), thrown: thrown() }] }],
    ['an error that is there twice', { value: [1], errors: [shared, shared] }],
    ['an error with nothing thrown', { value: [1], errors: [{ at: [[0]] }] }],
    ['an error too deep inside', packed([[[1]]], [0, 0, 0])],
    ['an error in a prototype', packed({}, ['__proto__', 'polluted'])],
    ['an error in the prototype of all', packed({}, ['constructor', 'prototype'])],
    ['an error in a list by a name', packed([1], ['length'])],
    ['an error in a list beyond its end', packed([1], [1e9])],
    ['an error in a list before its beginning', packed([1], [-1])],
    ['an error between two members', packed([1], [0.5])],
    ['an error in a hole', packed(Object.assign([], { 1: 1 }), [0])],
    ['an error in an object beyond its end', packed({ a: 1 }, [1])],
    ['an error in text', packed('text', [0])],
    ['an error in nothing', packed(undefined, [0])],
    ['an error in bytes', packed(new Uint8Array(2), [0])],
    ['an error in a Map', packed(new Map([[0, 1]]), [0])],
    ['an error in a date', packed(new Date(0), [0])],
    ['an error in what is none', packed([1], [0, 0])],
  ])('is refused: %s', (_, data) => {
    expect(() => unpackValue(structuredClone(data))).toThrow(SerializationError)
  })

  it('changes no prototype', () => {
    const before = [Object, Array, Function, Error].map(type => Reflect.ownKeys(type.prototype))
    const paths = [['__proto__', 'polluted'], ['constructor', 'prototype', 'polluted'], ['__proto__']]
    for (const path of paths) {
      const old = { value: {}, errors: [{ path, thrown: thrown() }] }
      for (const data of [packed({}, path), packed([], path), packed(JSON.parse('{"__proto__":{}}'), path), old]) {
        expect(() => unpackValue(structuredClone(data))).toThrow(SerializationError)
      }
    }
    expect([Object, Array, Function, Error].map(type => Reflect.ownKeys(type.prototype))).toEqual(before)
  })

  it('is read by its own members alone', () => {
    Object.defineProperty(Object.prototype, 'errors', { value: [{ at: [[]], thrown: thrown() }], configurable: true })
    try {
      expect(unpackValue({ value: 1 })).toBe(1)
    } finally {
      Reflect.deleteProperty(Object.prototype, 'errors')
    }
  })
})

describe('what arrives as arguments', () => {
  it.each<[string, unknown]>([
    ['text', 'abc'],
    ['an object', { a: 1 }],
    ['an object that says how long it is', { length: 100_000_000 }],
    ['an array without end', sparse(4e9)],
    ['an array with a hole', Object.assign([1], { 2: 2 })],
    ['bytes', new Uint8Array(3)],
    ['nothing', undefined],
    ['an error', new Error('a')],
  ])('is refused when it is no array without holes: %s', (_, value) => {
    expect(() => unpackArguments(structuredClone(packValue(value).data))).toThrow(SerializationError)
  })

  it('may be undefined, each of them', () => {
    expect(unpackArguments(structuredClone(packValue([undefined, 1, undefined]).data))).toEqual([
      undefined,
      1,
      undefined,
    ])
  })
})

describe('an error that is carried', () => {
  const error = () => Object.assign(new RangeError('inside'), { code: 'E' })

  it.each(['__proto__', 'constructor', 'prototype', 'then', 'toString', '1', '', '\ud800'])(
    'arrives whole as a member by the name of %j, at any place among others',
    name => {
      for (const before of [{}, { a: 1, 2: 2 }]) {
        const inside: object = { ...before }
        Object.defineProperty(inside, name, { value: error(), enumerable: true })
        for (const value of [inside, [inside], { more: 1, inside }]) {
          const arrived = carried(value)
          const holder = value === inside ? arrived : Object.values(arrived as object).at(-1)
          expect(Object.getPrototypeOf(holder)).toBe(Object.prototype)
          expect(Object.getOwnPropertyDescriptor(holder, name)?.value).toMatchObject({ message: 'inside', code: 'E' })
          expect(Object.getOwnPropertyDescriptor(holder, name)?.value).toBeInstanceOf(RangeError)
          expect(Object.keys(holder)).toEqual(Object.keys(inside))
        }
      }
    },
  )

  it('arrives once when it is there twice', () => {
    const one = error()
    const [first, { second }] = carried([one, { second: one }]) as [unknown, { second: unknown }]
    expect(first).toMatchObject({ code: 'E' })
    expect(second).toBe(first)
  })

  it('is found in an array with holes, however long that is', () => {
    const list = Object.assign(sparse(4_000_000_000), { 7: error(), 3999999999: error() })
    const arrived = carried(list) as unknown[]
    expect(Object.keys(arrived)).toEqual(['7', '3999999999'])
    expect(arrived[3_999_999_999]).toMatchObject({ code: 'E' })
  })

  it('may be one of very many', () => {
    const all = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`e${index}`, error()]))
    expect(Object.values(carried(all) as object).every(one => one.code === 'E')).toBe(true)
  })

  it('shares what it is allowed to have inside with the others', () => {
    const large = new AggregateError(Array(10_000).fill(error()), 'large')
    const all = Array.from({ length: 50 }, () => new Error('one', { cause: large }))
    expect((carried(all) as Error[]).at(-1)?.cause).toMatch(/^AggregateError: large \(left out/)
  })

  it('may have itself as its cause', () => {
    const one = error()
    one.cause = one
    expect(carried([one])).toMatchObject([{ cause: 'RangeError: inside (left out: it is a part of itself)' }])
  })

  it('is refused inside a value with causes that no stack has room for, and alone is cut', () => {
    let chain = error() as Error
    for (let depth = 0; depth < 20_000; depth += 1) chain = new Error('a link', { cause: chain })
    expect(carried(chain)).toMatchObject({ message: 'a link' })
    expect(() => packValue([chain])).toThrow(/more than 1000 causes nested in each other/)
  })
})
