import { describe, expect, it } from 'vitest'
import { shared } from '../../../src/distributed/limits/shared.ts'
import { limits, resourceLimit } from '../../../src/index.ts'

describe('shared', () => {
  const options = { connection: 'redis://127.0.0.1', name: 'never asked' }
  const resource = resourceLimit({ key: 'units', capacity: 1 })

  it('takes what callLimit, rateLimit and resourceLimit make, and nothing else', () => {
    const external = { acquire: () => ({ release() {} }) }
    for (const limit of [limits([resource]), external, undefined, shared(resource, options)]) {
      expect(() => shared(limit as never, options)).toThrow(TypeError)
    }
    const { key, capacity, name } = shared(resource, options)
    expect({ key, capacity, name }).toEqual({ key: 'units', capacity: 1, name: 'never asked' })
  })

  it.each([
    [undefined, TypeError],
    [{ connection: 'redis://localhost' }, TypeError],
    [{ ...options, name: 5 }, TypeError],
    [{ ...options, prefix: 5 }, TypeError],
    [{ ...options, connection: 'http://localhost' }, RangeError],
    [{ ...options, connection: undefined }, TypeError],
    [{ ...options, connectTimeout: 0 }, RangeError],
    [{ ...options, name: 'a\0b' }, RangeError],
    [{ ...options, name: '\ud800' }, RangeError],
    [{ ...options, prefix: 'a\0b' }, RangeError],
    [{ ...options, prefix: '\udc00' }, RangeError],
    [{ ...options, lease: 0 }, RangeError],
    [{ ...options, lease: Number.POSITIVE_INFINITY }, RangeError],
  ])('refuses %o', (wrong, error) => {
    expect(() => shared(resource, wrong as never)).toThrow(error)
  })

  it('refuses a capacity without end', () => {
    const endless = resourceLimit({ key: 'units', capacity: Number.POSITIVE_INFINITY })
    expect(() => shared(endless, options)).toThrow(RangeError)
  })
})
