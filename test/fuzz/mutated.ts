import { deserialize, serialize } from 'node:v8'
import fc from 'fast-check'

/** What stands where something else is expected. */
const strange: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    ...[2 ** 53, 1e308, -1, 0.5, '', 'u', 'j', 'v', '__proto__', 'constructor', '\u0000', '\ud800', '[object Object]'],
  ),
  fc.constantFrom({ length: 2 ** 32 - 1 }, { length: -1 }, [[[[[]]]]], JSON.parse('{"__proto__":{"polluted":true}}')),
)

/** A text, damaged: cut, doubled, or with something in it that it did not have; or with a change in what it stands for. */
function damagedText(text: string): fc.Arbitrary<string> {
  const place = fc.nat(text.length)
  const inserted = fc.constantFrom('\u0000', '\ud800', '"', '[', '{"__proto__":1}', '-1', '\n#taskscope ', 'x')
  const damaged = fc.oneof(
    place.map(at => text.slice(0, at)),
    fc.tuple(place, inserted).map(([at, what]) => text.slice(0, at) + what + text.slice(at)),
    fc.tuple(place, inserted).map(([at, what]) => text.slice(0, at) + what + text.slice(at + 1)),
    fc.constant(text + text),
    damagedClone(text),
  )
  const within = mutatedWithin(text)
  return within === undefined ? damaged : fc.oneof(damaged, { weight: 3, arbitrary: within })
}

/** JSON, with or without a letter before it, and what structured clone has written, behind a letter and in base64. */
function mutatedWithin(text: string): fc.Arbitrary<string> | undefined {
  for (const [letter, rest] of [
    ['', text],
    [text.slice(0, 1), text.slice(1)],
  ] as const) {
    try {
      return mutated(JSON.parse(rest)).map(value => letter + JSON.stringify(value))
    } catch {}
  }
  try {
    const value = deserialize(Buffer.from(text.slice(1), 'base64'))
    return mutated(value).map(changed => text.slice(0, 1) + serialize(changed).toString('base64'))
  } catch {
    return undefined
  }
}

/** What structured clone has written, in base64 behind a letter, with some of its bytes changed. */
function damagedClone(text: string): fc.Arbitrary<string> {
  const bytes = Buffer.from(text.slice(1), 'base64')
  const change = fc.tuple(fc.nat(Math.max(0, bytes.length - 1)), fc.nat(255))
  return fc.array(change, { minLength: 1, maxLength: 4 }).map(changes => {
    const copy = Buffer.from(bytes)
    for (const [at, byte] of changes) copy[at] = byte
    return text.slice(0, 1) + copy.toString('base64')
  })
}

/** A value of JSON with one change somewhere in it: a part that is missing, of another type, damaged, or too much. */
export function mutated(value: unknown): fc.Arbitrary<unknown> {
  const here = typeof value === 'string' ? fc.oneof(strange, damagedText(value)) : strange
  if (typeof value !== 'object' || value === null) return here
  const keys = Object.keys(value)
  if (keys.length === 0) return here
  const inside = fc.constantFrom(...keys).chain(key => {
    const without = fc.constant(undefined)
    const instead = mutated((value as Record<string, unknown>)[key])
    return fc
      .oneof({ weight: 1, arbitrary: without }, { weight: 8, arbitrary: instead })
      .map(part => withPart(value, key, part))
  })
  const more = fc.tuple(fc.constantFrom('__proto__', 'constructor', 'prototype', 'then', 'length', 'more'), strange)
  return fc.oneof(
    { weight: 1, arbitrary: here },
    { weight: 2, arbitrary: more.map(([key, part]) => withPart(value, key, part)) },
    { weight: 9, arbitrary: inside },
  )
}

function withPart(whole: object, key: string, part: unknown): unknown {
  const copy: object = Array.isArray(whole) && key !== 'length' ? [...whole] : { ...whole }
  if (part === undefined) Reflect.deleteProperty(copy, key)
  else Object.defineProperty(copy, key, { value: part, enumerable: true, writable: true, configurable: true })
  return copy
}
