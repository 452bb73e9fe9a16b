import { describe, expect, it } from 'vitest'
import { plainThrown, revivedThrown } from '../../../src/serialize/thrown.ts'
import { errorClasses, registerErrors } from '../../../src/worker/functions/error-classes.ts'

class UpstreamError extends Error {
  readonly #secret = 1
  readonly status = 503
  get secret() {
    return this.#secret
  }
}

function arrived(error: Error): unknown {
  return revivedThrown(plainThrown(error, structuredClone), errorClasses())
}

describe('a registered class of errors', () => {
  it('is what the error becomes again, with its fields', () => {
    expect(arrived(new UpstreamError('down'))).not.toBeInstanceOf(UpstreamError)
    registerErrors(UpstreamError)
    expect(arrived(new UpstreamError('down'))).toBeInstanceOf(UpstreamError)
    expect(arrived(new UpstreamError('down'))).toMatchObject({ message: 'down', status: 503 })
  })

  it('serves for classes that extend it', () => {
    registerErrors(UpstreamError)
    expect(arrived(new (class GatewayError extends UpstreamError {})('down'))).toBeInstanceOf(UpstreamError)
  })

  it('is the one that was registered last', () => {
    const make = () => class TwiceError extends Error {}
    const [First, Second] = [make(), make()]
    registerErrors(First, Second)
    expect(arrived(new First())).toBeInstanceOf(Second)
  })

  it('may be abstract, or have a constructor of its own kind', () => {
    abstract class BaseError extends Error {}
    class CodeError extends BaseError {
      constructor(readonly_: { code: number }) {
        super(`code ${readonly_.code}`)
      }
    }
    registerErrors(BaseError, CodeError)
    expect(arrived(new CodeError({ code: 5 }))).toBeInstanceOf(CodeError)
  })
})

describe('registerErrors', () => {
  it.each([
    ['an error', new Error('e')],
    ['a class that extends nothing', class Other {}],
    ['an arrow function', () => 1],
    ['a class without a name', (() => class extends Error {})()],
    ['nothing', undefined],
  ])('refuses %s and registers nothing', (_, wrong) => {
    class RightError extends Error {}
    expect(() => registerErrors(RightError, wrong as never)).toThrow(TypeError)
    expect(errorClasses().has('RightError')).toBe(false)
  })
})
