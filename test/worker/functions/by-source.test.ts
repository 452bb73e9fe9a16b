import { afterAll, describe, expect, it } from 'vitest'
import { SerializationError } from '../../../src/base/errors.ts'
import { referTo } from '../../../src/worker/functions/refer-to.ts'
import { resolveFunction } from '../../../src/worker/functions/resolve-function.ts'
import { failureOf } from '../../work.ts'
import { TestWorker } from './test-worker.ts'

const worker = new TestWorker()
afterAll(() => worker.stop())

function call<A extends unknown[]>(fn: (...args: A) => unknown, ...args: A): Promise<unknown> {
  return worker.call(referTo(fn), ...args)
}

/** One that is sent although the check on this side would stop it, as where there is no inspector. */
function unchecked(source: string, name = 'late'): Promise<unknown> {
  return worker.call({ kind: 'source', source, name })
}

describe('a function sent by its source', () => {
  const object = {
    shorthand(x: number) {
      return x + 1
    },
    async 'any name'(x: number) {
      return x + 2
    },
  }

  // biome-ignore lint/complexity/noStaticOnlyClass: its private method is what is tested
  class Hidden {
    static #secret(x: number) {
      return x + 3
    }
    static secret = Hidden.#secret
  }

  it('runs in the worker, whatever its form', async () => {
    expect(await call((x: number) => x * x, 5)).toBe(25)
    expect(await call(async (x: number) => await x, 5)).toBe(5)
    expect(await call(object.shorthand, 5)).toBe(6)
    expect(await call(object['any name'], 5)).toBe(7)
    expect(await call(Hidden.secret, 5)).toBe(8)
    expect(
      await call(function fact(n: number): number {
        return n < 2 ? 1 : n * fact(n - 1)
      }, 5),
    ).toBe(120)
  })

  it('is compiled once', async () => {
    const reference = referTo(() => 1)
    expect(await resolveFunction(reference)).toBe(await resolveFunction(reference))
  })

  it('imports without a warning of Node, and leaves those of others', async () => {
    const source = `async () => {
      const seen = []
      process.on('warning', ({ name }) => seen.push(name))
      await import('node:path')
      process.emitWarning('mine', 'OtherWarning')
      await new Promise(setImmediate)
      return seen
    }`
    const fresh = new TestWorker('thread', undefined, ['--no-warnings'])
    expect(await fresh.call({ kind: 'source', source, name: 'warned' })).toEqual(['OtherWarning'])
    await fresh.stop()
  })

  it('imports what it needs', async () => {
    expect(await call(async () => (await import('node:path')).posix.join('a', 'b'))).toBe('a/b')
    expect(await unchecked("async () => (await import('node:path')).posix.join('a', 'b')")).toBe('a/b')
    expect(await unchecked("async () => typeof (await import('effection')).run")).toBe('function')
  })

  it.each(['import', '__vite_ssr_dynamic_import__'])('finds files from the working directory with %s()', async load => {
    const path = './test/fixtures/worker/tasks.ts'
    expect(await unchecked(`async () => (await ${load}('${path}')).square(5)`)).toBe(25)
  })

  it('has the names that compilers keep with a helper', async () => {
    expect(await unchecked('() => { const f = __name(() => 1, "one"); return f.name }')).toBe('one')
  })

  it('throws its own errors as they are', async () => {
    const error = await failureOf(
      call(() => {
        throw new RangeError('mine')
      }),
    )
    expect(error).toBeInstanceOf(RangeError)
    expect(error).toMatchObject({ message: 'mine' })
    expect((error as Error).stack).toMatch(/source of/)
  })
})

describe('what only shows at run time', () => {
  it.each([
    ['thrown', '() => missing + 1'],
    ['rejected', 'async () => { await null; return missing + 1 }'],
  ])('is explained when it is %s', async (_, source) => {
    const error = await failureOf(unchecked(source))
    expect(error).toBeInstanceOf(SerializationError)
    expect(error).toMatchObject({ message: expect.stringMatching(/^late needs 'missing' from outside itself/) })
    expect((error as Error).cause).toBeInstanceOf(ReferenceError)
    expect((error as Error).cause).toMatchObject({ message: 'missing is not defined' })
  })

  it('includes the this of the place where an arrow function was written', async () => {
    const error = await failureOf(unchecked('() => this.factor * 2'))
    expect(error).toMatchObject({
      code: 'ERR_SERIALIZATION',
      message: expect.stringMatching(/^late needs 'this' from/),
    })
  })

  it('leaves the ReferenceErrors of others alone', async () => {
    expect(await failureOf(unchecked("() => new Function('return missing')()"))).toBeInstanceOf(ReferenceError)
    const other = 'data:text/javascript,export const fail = () => missing'
    expect(await failureOf(unchecked(`async () => (await import('${other}')).fail()`))).toBeInstanceOf(ReferenceError)
  })

  it('leaves functions alone that have a this of their own', async () => {
    expect(await unchecked('function () { return typeof this }')).toBe('undefined')
    expect(await unchecked('() => new (class { x = 1; y = () => this.x })().y()')).toBe(1)
  })
})
