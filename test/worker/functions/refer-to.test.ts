import { describe, expect, it } from 'vitest'
import { SerializationError } from '../../../src/base/errors.ts'
import { referTo } from '../../../src/worker/functions/refer-to.ts'
import { markWrapper } from '../../../src/worker/functions/registry.ts'

const MODULE = 'file:///app/tasks.js'

function thrownBy(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

describe('a reference to a function of a module', () => {
  function square(x: number) {
    return x * x
  }

  it('has the URL and the name', () => {
    expect(referTo(square, { module: MODULE })).toEqual({ kind: 'module', url: MODULE, name: 'square' })
    expect(referTo(square, { module: new URL(MODULE), name: 'other' })).toEqual({
      kind: 'module',
      url: MODULE,
      name: 'other',
    })
  })

  it('is the same one each time', () => {
    expect(referTo(square, { module: MODULE })).toBe(referTo(square, { module: MODULE }))
    expect(referTo(square, { module: MODULE, name: 'other' })).toMatchObject({ name: 'other' })
    expect(referTo(square)).toMatchObject({ kind: 'source' })
  })

  it('has the URL as import.meta.url has it', () => {
    expect(referTo(square, { module: 'FILE:///my app/tasks.js' })).toMatchObject({ url: 'file:///my%20app/tasks.js' })
  })

  it('has the URL of the path that CommonJS has for a module', () => {
    expect(referTo(square, { module: '/my app/tasks.cjs' })).toMatchObject({ url: 'file:///my%20app/tasks.cjs' })
  })

  it('may name what its source could not say', () => {
    expect(referTo(square.bind(null), { module: MODULE })).toMatchObject({ name: 'bound square' })
  })

  it('refuses two functions of one name, unless they are one that was made twice', () => {
    const make = (x: number) =>
      function made() {
        return x
      }
    const other = (() => function made() {})()
    const [one, two] = [make(1), make(2)]
    expect(referTo(one, { module: MODULE })).toEqual(referTo(two, { module: MODULE }))
    expect(() => referTo(other, { module: MODULE })).toThrow(/two functions go by the name 'made' in file/)
    expect(() => referTo(other, { module: MODULE })).toThrow(TypeError)
    expect(referTo(other, { module: `${MODULE}?other` })).toMatchObject({ name: 'made' })
    expect(one).not.toBe(two)
  })

  it('refuses an anonymous function, with the remedy', () => {
    const error = thrownBy(() =>
      referTo(
        (
          () => () =>
            1
        )(),
        { module: MODULE },
      ),
    )
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(/anonymous function can't be found in file:\/\/\/app\/tasks\.js: name it/)
    expect(
      referTo(
        (
          () => () =>
            1
        )(),
        { module: MODULE, name: 'one' },
      ),
    ).toMatchObject({ name: 'one' })
  })

  it.each([
    ['./tasks.js', /new URL/],
    ['C:\\app\\tasks.js', /new URL/],
    ['lodash', /import\.meta\.resolve/],
    ['', /must be the URL/],
    [undefined, /CommonJS format has no import\.meta\.url/],
    [null, /must be the URL/],
    [5, /must be the URL/],
  ])('refuses %j as a module, with the remedy', (module, message) => {
    const error = thrownBy(() => referTo(square, { module: module as string }))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(message)
  })

  it('refuses what is no function and what is no name', () => {
    expect(() => referTo('square' as never)).toThrow(TypeError)
    expect(() => referTo(square, { name: 5 as never })).toThrow(TypeError)
  })

  it('is that of the function in a wrapper', () => {
    const wrapper = () => 'starts a worker'
    markWrapper(wrapper, square)
    expect(referTo(wrapper, { module: MODULE })).toEqual({ kind: 'module', url: MODULE, name: 'square' })
  })
})

describe('a reference to a function by its source', () => {
  const object = {
    method: (x: number) => x,
    shorthand(x: number) {
      return x
    },
    'any name'(x: number) {
      return x
    },
    async *generate(x: number) {
      yield x
    },
    get accessor() {
      return 1
    },
    [Symbol.iterator]() {
      return 1
    },
    withSuper() {
      return super.toString()
    },
  }

  class Counter {
    #count = 1
    static create() {
      return 1
    }
    secret() {
      return this.#count
    }
  }

  it('has the source', () => {
    const reference = referTo((x: number) => x * x)
    expect(reference).toEqual({ kind: 'source', source: '(x) => x * x', name: '' })
  })

  it.each([
    ['an arrow function', (x: number) => x],
    ['a method', object.shorthand],
    ['a method with any name', object['any name']],
    ['a generator method', object.generate],
    ['a static method', Counter.create],
    [
      'an async function',
      async function later(x: number) {
        return await x
      },
    ],
    [
      'a generator function',
      function* generate(x: number) {
        yield x
      },
    ],
    [
      'one that takes itself by its name',
      (n: number): number =>
        (function f(m: number): number {
          return m && f(m - 1)
        })(n),
    ],
    ['one with shadowed names', (object: number) => [object].map(Counter => Counter + object)],
    ['one that uses globals', () => [Math.max(1), process.pid, setTimeout, console, undefined, Number.NaN]],
    ['one that asks first', new Function("return () => typeof window === 'undefined' ? 'none' : window.name")()],
    ['one that evaluates', new Function('return x => eval("x")')()],
    ['one that imports', async () => (await import('node:path')).sep],
  ])('takes %s', (_, fn) => {
    expect(referTo(fn as () => unknown)).toMatchObject({ kind: 'source' })
  })

  it.each([
    ['built in', Math.max, /max is built in, bound or a Proxy.*arrow function.*module: import\.meta\.url/],
    ['bound', object.shorthand.bind(object), /bound shorthand is a bound function/],
    ['a Proxy', new Proxy(() => 1, {}), /built in, bound or a Proxy/],
    ['a class', Counter, /Counter is a class/],
    ['a computed method', object[Symbol.iterator], /computed name/],
    ['a getter', Object.getOwnPropertyDescriptor(object, 'accessor')?.get, /a getter or a setter/],
  ])('refuses one that is %s, with the remedy', (_, fn, message) => {
    const error = thrownBy(() => referTo(fn as () => unknown))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(message)
  })

  it.each([
    ['#private', Counter.prototype.secret, /secret can't be built anew.*Private field '#count'/],
    ['super', object.withSuper, /'super' keyword unexpected/],
  ])('refuses %s, with the remedy', (_, fn, message) => {
    const error = thrownBy(() => referTo(fn))
    expect(error).toBeInstanceOf(SerializationError)
    expect((error as Error).message).toMatch(message)
    expect((error as Error).message).toMatch(/module: import\.meta\.url/)
    expect((error as Error).cause).toBeInstanceOf(SyntaxError)
  })

  it('names the variables it would miss, and the remedy', () => {
    const factor = 2
    const offset = { by: 1 }
    const scale = (x: number) => [x].map(y => y * factor + offset.by)
    const error = thrownBy(() => referTo(scale))
    expect(error).toBeInstanceOf(SerializationError)
    expect((error as Error).message).toBe(
      "scale needs 'factor', 'offset' from outside itself, but a worker gets its source alone: pass it as an argument, " +
        'import it inside the function with `await import()`, or give `module: import.meta.url`, so that the worker ' +
        'imports the module that has the function',
    )
  })

  it('finds them wherever they are used', () => {
    const deep = 1
    const uses = [
      (x = deep) => x,
      (x: { y?: number }) => {
        const { y = deep } = x
        return y
      },
      () => ({ deep }),
      () => () => () => ({ m: () => deep }),
      () => `${`${deep}`}`,
      // biome-ignore lint/complexity/noStaticOnlyClass: a static method is what is tested
      class {
        static m() {
          return class {
            x = deep
          }
        }
      }.m,
    ]
    for (const use of uses) expect(() => referTo(use)).toThrow(/needs 'deep' from outside/)
  })

  it('tells what compilers renamed and put in', () => {
    const source = (body: string) => new Function(`return () => ${body}`)() as () => unknown
    const imported = (x: () => unknown) => thrownBy(x)
    expect(() => referTo(imported)).toThrow(/needs 'thrownBy' from outside/)
    expect(() => referTo(source('__vite_ssr_import_1__.join(1) + __vite_ssr_import_1__.sep'))).toThrow(
      /needs 'join', 'sep' \(imported at the top of its module\) from outside/,
    )
    expect(() => referTo(source('__vite_ssr_import_meta__.url'))).toThrow(/needs 'import\.meta' from outside/)
    expect(() => referTo(source('__publicField(1)'))).toThrow(/'__publicField' \(put in by a compiler or bundler\)/)
    expect(referTo(source('__name(() => 1, "one")'))).toMatchObject({ kind: 'source' })
  })

  it("tells an arrow function's arguments from its own", () => {
    const arrow = (function (this: unknown) {
      // biome-ignore lint/complexity/noArguments: what is tested
      return () => arguments
    })()
    expect(() => referTo(arrow)).toThrow(/needs the 'arguments' of the function around it/)
    const own = function () {
      // biome-ignore lint/complexity/noArguments: what is tested
      return arguments.length
    }
    expect(referTo(own)).toMatchObject({ kind: 'source' })
  })

  it('says how a function can call itself', () => {
    const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))
    expect(() => referTo(factorial)).toThrow(/needs 'factorial' .*write it as `function factorial` so that it can call/)
  })

  it('leaves no message of the debugger and no inspector session behind', () => {
    const { url } = process.getBuiltinModule('node:inspector')
    expect(url()).toBeUndefined()
  })
})
