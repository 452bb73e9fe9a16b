import { describe, expect, it } from 'vitest'
import { requireJson } from '../../src/store/encode.ts'

describe('requireJson', () => {
  it.each([
    [() => {}, 'JSON has no functions'],
    [Symbol('a'), 'JSON has no symbols'],
  ])('throws for %o', (value, message) => {
    expect(() => requireJson(value)).toThrow(new TypeError(message))
  })
})
