import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'tsup'
import ts from 'typescript'
import { afterAll, afterEach, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import type { TaskHandle } from '../../src/index.ts'
import { configure, currentTask, task, type WorkerOptions } from '../../src/worker.ts'
import type { makeClasses as MakeClasses } from '../fixtures/worker/decorated.ts'
import { failureOf } from '../work.ts'

const SOURCE = fileURLToPath(new URL('../fixtures/worker/decorated.ts', import.meta.url))

/** What TC39's decorators are called with for a method. */
function contextOf(kind = 'method'): ClassMethodDecoratorContext<never> {
  return { kind, name: 'method', static: false, private: false, metadata: {}, addInitializer() {} } as never
}

/** Decorates a function as though it were a method of a class. */
function decorate<F extends (...args: never[]) => unknown>(method: F, options?: WorkerOptions) {
  const decorator = options === undefined ? task : task(options)
  type Decorate = (method: F, context: unknown) => (this: unknown, ...args: Parameters<F>) => TaskHandle<never>
  return (decorator as unknown as Decorate)(method, contextOf())
}

describe('@task', () => {
  it('makes a method return the handle of a task, with the instance as its `this`', async () => {
    const method = decorate(async function add(this: { base: number }, x: number) {
      return this.base + x
    })
    const [one, two] = [
      { base: 1, method },
      { base: 2, method },
    ]
    const handles = [one.method(5), two.method(5)]
    expect(await Promise.all(handles)).toEqual([6, 7])
    expect(handles[0]).toMatchObject({ name: 'add', status: 'done' })
  })

  it('takes options, or none at all', async () => {
    const value = async () => 5
    expect(decorate(value, { priority: 3 })().record().priority).toBe(3)
    expect(await decorate(value, {})()).toBe(5)
    expect(await decorate(value)()).toBe(5)
  })

  it('runs at once in the mode sync', () => {
    const handle = decorate(() => 'at once', { mode: 'sync' })()
    expect(handle.result()).toBe('at once')
  })

  it('keeps the name and the length of the method', () => {
    const method = decorate(function load(_a: number, _b: number) {})
    expect([method.name, method.length]).toEqual(['load', 2])
  })

  it('passes a function that comes first on as data', async () => {
    expect(await decorate(async (value: unknown) => typeof value)(() => 1)).toBe('function')
  })

  it('has one pool of slots for all instances', async () => {
    const gate = Promise.withResolvers<void>()
    const method = decorate(async () => gate.promise, { maxWorkers: 2 })
    const handles = [{ method }, { method }, { method }].map(instance => instance.method())
    await Promise.resolve()
    expect(handles.map(handle => handle.status)).toEqual(['running', 'running', 'pending'])
    gate.resolve()
    await Promise.all(handles)
  })

  it('awaits handles among the arguments', async () => {
    const method = decorate(async (x: number) => x * 2)
    expect(await method(method(4) as unknown as number)).toBe(16)
  })

  it('fails as the method does', async () => {
    const error = new RangeError('mine')
    const method = decorate(async () => {
      throw error
    })
    expect(await failureOf(method())).toBe(error)
  })

  it.each(['thread', 'process'] as const)('refuses the mode %s, where no instance can go', mode => {
    expect(() => decorate(() => 1, { mode })).toThrow(TypeError)
    expect(() => decorate(() => 1, { mode })).toThrow(/an instance can't be carried elsewhere/)
  })

  it('refuses wrong options at the class', () => {
    expect(() => decorate(() => 1, { timeout: -1 })).toThrow(RangeError)
    expect(() => task(5 as never)).toThrow(TypeError)
  })

  it.each(['class', 'getter', 'field', 'accessor'])('refuses a %s', kind => {
    const decorator = task as unknown as (value: unknown, context: unknown) => unknown
    expect(() => decorator(() => 1, contextOf(kind))).toThrow(/decorates methods only/)
    expect(() => (task({}) as unknown as typeof decorator)(() => 1, contextOf(kind))).toThrow(/decorates methods only/)
  })

  it('refuses to be a decorator of the old kind', () => {
    const old = task({}) as unknown as (target: object, key: string, descriptor: object) => unknown
    expect(() => old({}, 'method', {})).toThrow(TypeError)
  })

  describe('where the default mode is thread', () => {
    afterEach(() => configure({ mode: undefined }))

    it('runs methods on this event loop all the same', async () => {
      const method = decorate(async function value(this: { value: number }) {
        return this.value
      })
      configure({ mode: 'thread' })
      expect(await { value: 7, method }.method()).toBe(7)
      const made = decorate(async function value(this: { value: number }) {
        return this.value
      })
      expect(await { value: 8, method: made }.method()).toBe(8)
    })
  })

  it('has the types of the method, with a handle for the result', () => {
    type Context = ClassMethodDecoratorContext<unknown, (this: unknown, x: number) => Promise<string>>
    const decorated = task(async (_x: number) => 'text', contextOf() as Context)
    expectTypeOf(decorated).parameters.toEqualTypeOf<[x: number]>()
    expectTypeOf<ReturnType<typeof decorated>>().toEqualTypeOf<TaskHandle<string>>()
  })
})

describe('a class in TypeScript that uses @task', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'taskscope-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  async function byTypeScript(): Promise<string> {
    const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }
    const { outputText } = ts.transpileModule(await readFile(SOURCE, 'utf8'), { compilerOptions })
    await writeFile(join(folder, 'typescript.mjs'), outputText)
    return 'typescript.mjs'
  }

  async function byEsbuild(): Promise<string> {
    await build({
      entry: { esbuild: SOURCE },
      outDir: folder,
      format: 'esm',
      target: 'es2022',
      config: false,
      silent: true,
      outExtension: () => ({ js: '.mjs' }),
    })
    return 'esbuild.mjs'
  }

  it.each([
    ['TypeScript', byTypeScript],
    ['esbuild', byEsbuild],
  ])('works as compiled by %s', async (_, compile) => {
    const file = pathToFileURL(join(folder, await compile())).href
    const { makeClasses }: { makeClasses: typeof MakeClasses } = await import(/* @vite-ignore */ file)
    const { Account, Savings } = makeClasses(task, currentTask)
    const [mine, yours] = [new Account('me', 10), new Account('you', 20)]
    const handle = mine.deposit(5) as TaskHandle<string>
    expect(handle).toMatchObject({ name: 'deposit', status: 'pending' })
    expect(await Promise.all([handle, yours.deposit(1, 'cheque')])).toEqual(['me: 15 (cash)', 'you: 21 (cheque)'])
    expect(await new Savings('we', 1).deposit(2)).toBe('saved by we: 3 (transfer)')
    expect(await Account.open('new')).toBeInstanceOf(Account)

    const gate = Promise.withResolvers<string>()
    const held = [mine, yours].map(account => account.hold(gate.promise) as TaskHandle<string>)
    await Promise.resolve()
    expect(held.map(({ status }) => status)).toEqual(['running', 'pending'])
    gate.resolve('held')
    expect(await Promise.all(held)).toEqual(['me held as hold', 'you held as hold'])
    expect(held[0]?.record().progress).toEqual({ completed: 0.5, total: 1 })
  })
})
