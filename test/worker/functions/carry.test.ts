import { createSecretKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { packValue, unpackValue } from '../../../src/worker/functions/carry.ts'
import { registerErrors } from '../../../src/worker/functions/error-classes.ts'
import { transfer } from '../../../src/worker/functions/transfer.ts'

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

  it('that is an instance of a class is refused, wherever it is, as it would lose its methods', () => {
    class Point {
      readonly x = 1
      get double() {
        return this.x * 2
      }
    }
    for (const to of ['thread', 'process'] as const) {
      for (const value of [new Point(), [[[new Point()]]], new Map([[1, new Set([new Point()])]])]) {
        expect(() => packValue(value, to)).toThrow(DOMException)
      }
    }
    expect(carried([Object.assign(Object.create(null), { x: 1 }), new Date(0)])).toEqual([{ x: 1 }, new Date(0)])
  })

  it('may be nested 1,000 deep, and no deeper', () => {
    const nested = (depth: number) => {
      let value: unknown[] = []
      for (let level = 0; level < depth; level += 1) value = [value]
      return value
    }
    expect(carried(nested(1_000))).toEqual(nested(1_000))
    for (const depth of [1_001, 4_000, 100_000])
      expect(() => packValue(nested(depth))).toThrow('nested more than 1,000')
    const error = Object.assign(new Error('e'), { deep: nested(4_000), code: 'E' })
    const arrived = carried(error) as typeof error
    expect([arrived.code, arrived.deep]).toEqual(['E', undefined])
  })
})

describe('a view of memory', () => {
  const pool = new ArrayBuffer(1_000)
  const parts = {
    words: new Uint16Array(pool, 2, 3).fill(7),
    view: new DataView(pool, 0, 4),
    bytes: Buffer.from(pool, 10, 5).fill(1),
    small: Buffer.from('text'),
    own: Buffer.alloc(3, 1),
  }

  const ways: [string, unknown, (value: unknown) => typeof parts][] = [
    ['among the arguments', [1, parts], value => (value as [1, typeof parts])[1]],
    ['far inside', [[{ a: [{ b: parts }] }]], value => (value as [[{ a: [{ b: typeof parts }] }]])[0][0].a[0].b],
    ['in a Map', new Map([[1, parts]]), value => (value as Map<number, typeof parts>).get(1) as typeof parts],
  ]

  it.each(ways)('arrives with its bytes alone, and a Buffer as one: %s', (_, value, take) => {
    const arrived = take(carried(value))
    expect(arrived).toEqual(parts)
    for (const [name, view] of Object.entries(arrived)) {
      expect([name, view.constructor, view.buffer.byteLength]).toEqual([
        name,
        parts[name as keyof typeof parts].constructor,
        view.byteLength,
      ])
    }
    expect(arrived.small.toString()).toBe('text')
  })

  it('stays one where it is there twice, and leaves what is around it as it was', () => {
    const bytes = Buffer.from('twice')
    const value: Record<string, unknown> = {
      bytes,
      list: Object.assign(new Array(2), { 1: bytes }),
      error: new QuotaError('e'),
    }
    value.self = value
    const arrived = carried(value) as { bytes: Buffer; list: Buffer[]; error: Error; self: unknown }
    expect(arrived.list[1]).toBe(arrived.bytes)
    expect(0 in arrived.list).toBe(false)
    expect(arrived.self).toBe(arrived)
    expect(arrived.error).toBeInstanceOf(QuotaError)
    expect(value.bytes).toBe(bytes)
    expect(value.error).toBeInstanceOf(QuotaError)
  })

  it('of shared memory goes on sharing it, and one that is moved is a Buffer still', () => {
    const shared = new SharedArrayBuffer(8)
    const [view] = carried([new Uint8Array(shared, 0, 2)]) as [Uint8Array]
    view[0] = 5
    expect(new Uint8Array(shared)[0]).toBe(5)
    const bytes = Buffer.alloc(100_000, 1)
    const moved = carried(transfer({ bytes }, [bytes.buffer])) as { bytes: Buffer }
    expect([bytes.length, moved.bytes.length, Buffer.isBuffer(moved.bytes)]).toEqual([0, 100_000, true])
  })

  it('is not believed to be a Buffer when it is no bytes', () => {
    for (const buffers of [[{}], [new Uint16Array(1)], 'x', new Array(1)]) {
      expect(() => unpackValue({ value: 1, buffers })).toThrow('arrived')
    }
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
