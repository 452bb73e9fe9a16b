import { describe, expect, it } from 'vitest'
import { requireJson, throughJson } from '../../src/serialize/json.ts'

describe('throughJson', () => {
  it.each([[undefined], [null], ['text'], [{ a: [1] }]])('brings %o back', value => {
    expect(throughJson(value)).toEqual(value)
  })

  it('brings back a copy, as JSON has it', () => {
    const value = { at: new Date(0), inner: {} }
    const carried = throughJson(value)
    expect(carried).toEqual({ at: '1970-01-01T00:00:00.000Z', inner: {} })
    value.inner = { changed: true }
    expect(carried).toHaveProperty('inner', {})
  })

  it('brings nothing back of what has nothing to say', () => {
    expect(throughJson({ toJSON: () => undefined })).toBeUndefined()
  })

  it.each([[() => {}], [Symbol('a')], [1n]])('throws for %o', value => {
    expect(() => throughJson(value)).toThrow(TypeError)
  })
})

describe('requireJson', () => {
  it.each([
    [() => {}, 'JSON has no functions'],
    [Symbol('a'), 'JSON has no symbols'],
  ])('throws for %o', (value, message) => {
    expect(() => requireJson(value)).toThrow(new TypeError(message))
  })
})
