import { describe, expect, it } from 'vitest'
import { SerializationError } from '../../src/base/errors.ts'
import { plainThrown, revivedThrown } from '../../src/serialize/thrown.ts'

const plain = () => ({ classes: ['Error'], name: 'Error', message: 'a', fields: {} })
const nested = (depth: number): unknown =>
  depth === 0 ? { value: 1 } : { error: { ...plain(), cause: nested(depth - 1) } }

/** What refers to itself twice at each level has a billion parts. */
function billion(): unknown {
  let part: unknown = { value: 1 }
  for (let level = 0; level < 15; level += 1) part = { error: { ...plain(), errors: Array(8).fill(part) } }
  return part
}

function cyclic(): unknown {
  const error: Record<string, unknown> = { ...plain() }
  error.cause = { error }
  return { error }
}

const sparse = (length: number) => Object.assign([], { length })

describe('what arrives as something thrown', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'error'],
    ['a list', []],
    ['an error that is none', { error: 1 }],
    ['an error that is a list', { error: [] }],
    ['an error without anything', { error: {} }],
    ['classes that are no list', { error: { ...plain(), classes: 'Error' } }],
    ['classes without end', { error: { ...plain(), classes: sparse(4e9) } }],
    ['a class that is no text', { error: { ...plain(), classes: [1] } }],
    ['a name that is no text', { error: { ...plain(), name: {} } }],
    ['a DOMException whose name is no text', { error: { ...plain(), classes: ['DOMException'], name: {} } }],
    ['a message that is no text', { error: { ...plain(), message: 1 } }],
    ['a stack that is no text', { error: { ...plain(), stack: {} } }],
    ['a cause that is no part', { error: { ...plain(), cause: 'why' } }],
    ['errors that are no list', { error: { ...plain(), errors: { length: 1e9 } } }],
    ['errors without end', { error: { ...plain(), errors: sparse(4e9) } }],
    ['an error among them that is none', { error: { ...plain(), errors: [1] } }],
    ['no fields', { error: { ...plain(), fields: undefined } }],
    ['fields that are a list', { error: { ...plain(), fields: [] } }],
    ['fields that are text', { error: { ...plain(), fields: 'text' } }],
    ['a message among the fields', { error: { ...plain(), fields: { message: {} } } }],
    ['a stack among the errors', { error: { ...plain(), thrown: { stack: { value: 1 } } } }],
    ['errors among the fields that are none', { error: { ...plain(), thrown: { inner: 1 } } }],
    ['more errors in each other than are ever written', nested(17)],
    ['an error that is a part of itself', cyclic()],
    ['one part a billion times', billion()],
  ])('is refused: %s', (_, thrown) => {
    expect(() => revivedThrown(thrown)).toThrow(SerializationError)
    expect(() => revivedThrown(thrown)).toThrow(/^what arrived can't be read: /)
  })

  it('may be as deep as is ever written', () => {
    expect(revivedThrown(nested(16))).toBeInstanceOf(Error)
  })

  it('is read by its own members alone', () => {
    const inherited = Object.create({ error: plain() })
    inherited.value = 5
    expect(revivedThrown(inherited)).toBe(5)
    expect('cause' in (revivedThrown({ error: Object.assign(Object.create({ cause: 1 }), plain()) }) as Error)).toBe(
      false,
    )
  })

  it('has fields of any name, and runs nothing', () => {
    class Guarded extends Error {
      set amount(_: unknown) {
        throw new Error('a setter ran')
      }
      override get name(): string {
        throw new Error('a getter ran')
      }
    }
    const fields = JSON.parse('{"__proto__":{"polluted":1},"constructor":2,"then":3,"toString":4,"amount":5}')
    const error = { ...plain(), classes: ['Guarded'], fields }
    const revived = revivedThrown({ error }, new Map([['Guarded', Guarded as { prototype: Error }]])) as Error
    expect(Object.getPrototypeOf(revived)).toBe(Guarded.prototype)
    expect(Object.entries(revived)).toEqual(Object.entries(fields))
    expect({}).not.toHaveProperty('polluted')
  })
})

describe('what is thrown to be carried', () => {
  const carried = (thrown: unknown) => revivedThrown(structuredClone(plainThrown(thrown, structuredClone)))

  it('may be 20,000 errors deep', () => {
    let error = new Error('the end')
    for (let depth = 0; depth < 20_000; depth += 1) error = new Error('a link', { cause: error })
    expect(carried(error)).toMatchObject({ message: 'a link' })
  })

  it('may have a million parts, of which so many arrive as are ever written', () => {
    const all = new AggregateError(Array(1_000_000).fill(new Error('one')), 'all')
    const { errors } = carried(all) as AggregateError
    expect(errors).toHaveLength(10_001)
    expect(errors.at(-1)).toBe('990000 more (left out: there is too much of it)')
  })

  it.each([
    ['errors', (list: unknown) => Object.assign(new AggregateError([]), { errors: list })],
    ['another list', (list: unknown) => Object.assign(new Error('a'), { list })],
  ])('may say that it has billions of %s', (_, make) => {
    expect(carried(make(sparse(4_000_000_000)))).toBeInstanceOf(Error)
    const endless = new Proxy([new Error('one')], {
      get: (list, key) => (key === 'length' ? 1e15 : Reflect.get(list, key)),
    })
    expect(carried(make(endless))).toBeInstanceOf(Error)
    const { proxy, revoke } = Proxy.revocable([], {})
    revoke()
    expect(carried(make(proxy))).toBeInstanceOf(Error)
  })

  it('may have more classes than anybody writes', () => {
    let prototype: object = Error.prototype
    for (let depth = 0; depth < 1_000; depth += 1) {
      prototype = Object.create(prototype, { constructor: { value: { [`C${depth}`]: class {} }[`C${depth}`] } })
    }
    const error = new Error('a')
    Object.setPrototypeOf(error, prototype)
    expect(plainThrown(error, structuredClone)).toHaveProperty('error.classes.length', 32)
  })
})
