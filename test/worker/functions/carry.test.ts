import { createSecretKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { packValue, unpackValue } from '../../../src/worker/functions/carry.ts'
import { registerErrors } from '../../../src/worker/functions/error-classes.ts'

/** The way of a value to a thread and back out of the message. */
function carried(value: unknown): unknown {
  const { data, transfer } = packValue(value)
  return unpackValue(structuredClone(data, { transfer: [...transfer] as ArrayBuffer[] }))
}

class QuotaError extends Error {
  override name = 'QuotaError'
  readonly left = 3
}
registerErrors(QuotaError)

describe('a value', () => {
  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a number', 5],
    ['a bigint', 5n],
    ['a string', 'text'],
    ['a date', new Date(0)],
    ['a regular expression', /x/g],
    ['a Map', new Map([['a', new Set([1])]])],
    ['an array', [1, [2, [3]]]],
    ['an array with holes', new Array(3).fill(1, 2)],
    ['an object', { a: { b: { c: 1 } } }],
    ['bytes', new Uint8Array([1, 2])],
    ['something that looks packed', { value: 1, errors: [] }],
  ])('that is %s arrives as it was', (_, value) => {
    expect(carried(value)).toEqual(value)
  })

  it('is not copied on the way in', () => {
    const value = { list: [{}] }
    expect((packValue(value).data as { value: unknown }).value).toBe(value)
  })

  it('keeps its cycles and what is in it twice', () => {
    const shared = {}
    const value: Record<string, unknown> = { a: shared, b: shared, error: new Error('e') }
    value.self = value
    const { a, b, self, ...rest } = carried(value) as typeof value
    expect(a).toBe(b)
    expect((self as typeof value).a).toBe(a)
    expect(rest.error).toBeInstanceOf(Error)
  })

  it('that is an instance of a class arrives as a plain object with its fields', () => {
    class Point {
      readonly x = 1
      readonly #y = 2
      get sum() {
        return this.x + this.#y
      }
    }
    const arrived = carried(new Point()) as Point
    expect(arrived).toEqual({ x: 1 })
    expect(arrived).not.toBeInstanceOf(Point)
    expect(arrived.sum).toBeUndefined()
  })
})

describe('an error', () => {
  const error = () => new QuotaError('no more', { cause: new RangeError('too much', { cause: 'why' }) })

  it.each([
    ['is the value', (e: Error) => e, (v: unknown) => v],
    ['is in an array', (e: Error) => [1, e], (v: unknown) => (v as unknown[])[1]],
    ['is in an object', (e: Error) => ({ e }), (v: unknown) => (v as { e: unknown }).e],
    [
      'is in an object without a prototype',
      (e: Error) => Object.assign(Object.create(null), { e }),
      (v: unknown) => (v as { e: unknown }).e,
    ],
    [
      'is what allSettled gives',
      (e: Error) => [{ reason: e }],
      (v: unknown) => (v as { reason: unknown }[])[0]?.reason,
    ],
  ])('keeps its class, fields and causes when it %s', (_, put, take) => {
    const arrived = take(carried(put(error())))
    expect(arrived).toBeInstanceOf(QuotaError)
    expect(arrived).toMatchObject({ name: 'QuotaError', message: 'no more', left: 3 })
    expect((arrived as Error).stack).toMatch(/carry\.test/)
    expect((arrived as Error).cause).toBeInstanceOf(RangeError)
    expect((arrived as Error).cause).toMatchObject({ message: 'too much', cause: 'why' })
  })

  it('further inside is a plain error with its message', () => {
    const [[[arrived]]] = carried([[[error()]]]) as [[[unknown]]]
    expect(arrived).toBeInstanceOf(Error)
    expect(arrived).not.toBeInstanceOf(QuotaError)
    expect(arrived).toMatchObject({ message: 'no more' })
  })

  it('is carried without what can not be', () => {
    const arrived = carried(Object.assign(error(), { retry: () => 1, code: 'E', cause: () => 1 }))
    expect(arrived).toBeInstanceOf(QuotaError)
    expect(arrived).toMatchObject({ code: 'E' })
    expect(arrived).not.toHaveProperty('retry')
  })

  it('keeps the members of an AggregateError', () => {
    const arrived = carried(new AggregateError([error(), 5], 'both')) as AggregateError
    expect(arrived).toBeInstanceOf(AggregateError)
    expect(arrived.errors[0]).toBeInstanceOf(QuotaError)
    expect(arrived.errors[1]).toBe(5)
  })

  it('does not change the value that it was in', () => {
    const value = { e: error() }
    const { e } = value
    carried(value)
    expect(value.e).toBe(e)
  })
})

describe('what would silently arrive empty', () => {
  it.each([
    ['an AbortSignal', AbortSignal.abort()],
    ['an AbortController', new AbortController()],
    ['a URL', new URL('http://x')],
  ])('is refused: %s', (_, value) => {
    for (const one of [value, [value], { value }]) {
      expect(() => packValue(one)).toThrow(DOMException)
      expect(() => packValue(one, 'process')).toThrow(DOMException)
    }
  })

  it('is refused where only a process would empty it', () => {
    const { port1 } = new MessageChannel()
    for (const value of [new Blob(['x']), new ReadableStream(), createSecretKey(Buffer.alloc(8)), port1]) {
      expect(() => packValue([value])).not.toThrow()
      expect(() => packValue([value], 'process')).toThrow(DOMException)
    }
    port1.close()
  })
})
