import { serialize } from 'node:v8'
import { describe, expect, it } from 'vitest'
import { SerializationError } from '../../../src/base/errors.ts'
import { decode, decodeArguments, encode } from '../../../src/distributed/protocol/payload.ts'
import {
  decodeThrown,
  encodeThrown,
  failedReason,
  failureOf,
  MAX_WORDS,
} from '../../../src/distributed/protocol/protocol.ts'

const ANY = 2 ** 24
const OF = { of: 'arguments', name: 'work' } as const
const clone = (value: unknown) => `v${serialize(value).toString('base64')}`

describe('text that was no value', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no text', { length: 1, 0: 'u' }],
    ['empty', ''],
    ['of another library', '{"a":1}'],
    ['broken JSON', 'j{"a":'],
    ['JSON of nothing', 'j'],
    ['a clone of nothing', 'v'],
    ['a broken clone', 'v/w9vIgFh'],
    [
      'a clone that is nested deeper than any stack',
      `v${Buffer.from([255, 15, ...Array(200_000).fill([65, 1]).flat()]).toString('base64')}`,
    ],
    ['a clone of something else', clone([1])],
    [
      'a clone with an error in a prototype',
      clone({ value: {}, errors: [{ path: ['__proto__', 'polluted'], thrown: { value: 1 } }] }),
    ],
  ])('is refused: %s', (_, text) => {
    expect(() => decode(text as string, ANY)).toThrow(SerializationError)
    expect(() => decodeThrown(text as string)).toThrow(SerializationError)
    expect({}).not.toHaveProperty('polluted')
  })

  it('is refused when it is larger than is allowed here', () => {
    expect(decode(`j"${'ä'.repeat(10)}"`, 23)).toBe('ä'.repeat(10))
    expect(() => decode(`j"${'ä'.repeat(10)}"`, 22)).toThrow('what arrived takes 23 bytes, and maxBytes allows 22 here')
    expect(() => decodeArguments(`j["${'x'.repeat(100)}"]`, 50)).toThrow(/takes 105 bytes/)
  })

  it.each([
    ['an object', 'j{"a":1}'],
    ['an object that says how long it is', 'j{"length":100000000}'],
    ['a string', 'j"abc"'],
    ['a number', 'j3'],
    ['null', 'jnull'],
    ['nothing', 'u'],
    ['an array without end', encode(Object.assign([], { length: 4e9 }), OF, ANY)],
    ['an array with a hole', encode(Object.assign([1], { 2: 1 }), OF, ANY)],
  ])('is refused as arguments when it is %s', (_, text) => {
    expect(() => decodeArguments(text, ANY)).toThrow(/the arguments must be an array/)
  })
})

describe('a value on its way', () => {
  it('may refer to its parts as often as it likes', () => {
    let part: unknown = ['leaf']
    for (let level = 0; level < 60; level += 1) part = [part, part]
    const arrived = decode(encode(part, OF, ANY), ANY) as unknown[]
    expect(arrived[0]).toBe(arrived[1])
  })

  it.each([
    [
      'with a getter that throws',
      {
        get a(): never {
          throw new Error('not for you')
        },
      },
      /a property whose getter throws/,
    ],
    [
      'that is a Proxy that throws',
      new Proxy([], {
        get: () => {
          throw new Error('not for you')
        },
      }),
      /a Proxy/,
    ],
    ['that is a revoked Proxy', revoked(), /a Proxy/],
  ])('is refused at the call: one %s', (_, value, message) => {
    expect(() => encode([value], OF, ANY)).toThrow(SerializationError)
    expect(() => encode([value], OF, ANY)).toThrow(message)
  })
})

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

describe('the reason of a failure', () => {
  it.each<[string, unknown]>([
    ['no text', 5],
    ['no ending', `text\n#taskscope ${encodeThrown(1)}`],
    ['another ending', `text\n#taskscope won ${encodeThrown(1)}`],
    ['an ending of all objects', `text\n#taskscope constructor ${encodeThrown(1)}`],
    ['nothing thrown', 'text\n#taskscope threw '],
    ['broken JSON', 'text\n#taskscope threw j{'],
    ['an error that is none', 'text\n#taskscope threw j{"error":{}}'],
  ])('is refused when it has %s', (_, reason) => {
    expect(() => failureOf(reason as string)).toThrow(SerializationError)
  })

  it('tells in short what is too large', () => {
    const error = Object.assign(new RangeError('x'.repeat(MAX_WORDS)), { body: 'y'.repeat(MAX_WORDS) })
    const { error: arrived } = failureOf(failedReason({ ending: 'threw', error }))
    expect(arrived).toBeInstanceOf(RangeError)
    expect((arrived as Error).message).toMatch(/^x+ \(the rest is left out: there is too much of it\)$/)
    expect(decodeThrown(encodeThrown('x'.repeat(MAX_WORDS)))).toBe('a value (left out: there is too much of it)')
  })

  it.each([
    ['a name and a message that throw', broken('name', 'message', 'stack', 'cause')],
    ['a name that is a symbol', Object.assign(new Error('a'), { name: Symbol('name') })],
    [
      'a field that another process knows nothing of',
      Object.assign(new Error('a'), { memory: new SharedArrayBuffer(1) }),
    ],
    ['half a character', new Error('\ud800 \u0000')],
  ])('is written whatever the error has: %s', (_, error) => {
    const reason = failedReason({ ending: 'threw', error })
    expect(reason.isWellFormed()).toBe(true)
    expect(failureOf(reason).error).toBeInstanceOf(Error)
  })
})

function broken(...keys: readonly string[]): Error {
  const get = () => {
    throw new Error('not for you')
  }
  return Object.defineProperties(new Error('a'), Object.fromEntries(keys.map(key => [key, { get }])))
}
