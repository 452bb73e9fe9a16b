import { builtinModules } from 'node:module'
import { SerializationError } from '../../base/errors.ts'
import { callback, show } from '../../base/options.ts'
import type { PreparedCall } from '../../worker/engine/engine.ts'
import {
  FunctionNotFoundError,
  functionFromModule,
  functionsInModule,
  type ModuleFunction,
} from '../../worker/functions/function-from-module.ts'
import { type AnyFunction, nameOf, unwrapped } from '../../worker/functions/registry.ts'

/** The functions that calls may name, and no others. */
export interface FunctionRegistry {
  /** Those that are known at the start. */
  readonly names: readonly string[]
  /** What a module exports and calls may not name: see {@link functionsOfModule}. */
  readonly leftOut: readonly string[]
  /** Rejects with `FunctionNotFoundError` when there is none of that name. */
  find(name: string): Promise<AnyFunction>
}

/** Functions, or what `task()` made of them, by their names. */
export function listedFunctions(functions: readonly AnyFunction[]): FunctionRegistry {
  if (!Array.isArray(functions) || functions.length === 0) {
    throw new TypeError(`serve needs functions or the URL of a module that has them, got ${show(functions)}`)
  }
  const book = new Map<string, AnyFunction>()
  for (const listed of functions) {
    const name = nameOf(callback('each function', listed))
    if (name === '')
      throw new TypeError('a function without a name can not be called by its name: pass it to task() with a `name`')
    const fn = unwrapped(listed)
    if ((book.get(name) ?? fn) !== fn)
      throw new TypeError(`two functions go by the name '${name}': give one of them another \`name\``)
    book.set(name, fn)
  }
  const names = [...book.keys()]
  return {
    names,
    leftOut: [],
    async find(name) {
      const fn = book.get(name)
      if (fn !== undefined) return fn
      throw new FunctionNotFoundError(`this worker has no function named '${name}'; it has ${names.join(', ')}`)
    },
  }
}

/**
 * What a module exports or passes to `task()`. Of its exports neither classes, which can't be called, nor what Node or the
 * language has made: `export { readFileSync } from 'node:fs'` is for who imports the module, and no offer to every caller
 * of a queue. Passed to `task()` it is one. Functions of other modules are served: modules that gather them are common.
 *
 * Rejects when the module can't be imported, and when there is nothing.
 */
export async function functionsOfModule(url: string): Promise<FunctionRegistry> {
  const functions = await functionsInModule(url)
  // Only now: it is of the parts of Node that have been loaded.
  const nodes = builtIns()
  const isServed = ({ fn, task }: ModuleFunction) => task || !(nodes.has(fn) || isClass(fn))
  const served = functions.filter(isServed)
  const leftOut = functions.filter(each => !isServed(each))
  if (served.length === 0) {
    throw new SerializationError(
      `${url} has no functions to serve: export them, or pass them to task() at its top level`,
    )
  }
  const refused = new Set(leftOut.map(({ fn }) => fn))
  return {
    names: served.map(({ name }) => name),
    leftOut: leftOut.map(({ name }) => name),
    async find(name) {
      const fn = (await functionFromModule(url, name)) as AnyFunction
      if (!refused.has(fn)) return fn
      throw new FunctionNotFoundError(
        `${url} exports '${name}', and this worker does not serve it: ` +
          'it is a class, or of Node itself; pass a function to task() at the top level of the module to have it served',
      )
    },
  }
}

function isClass(fn: AnyFunction): boolean {
  return /^class\b/.test(Function.prototype.toString.call(fn))
}

/** Calls by the names of their functions, each prepared once. */
export class PreparedCalls {
  readonly #book: FunctionRegistry
  readonly #prepare: (fn: AnyFunction, name: string) => PreparedCall
  readonly #prepared = new Map<string, PreparedCall>()

  constructor(book: FunctionRegistry, prepare: (fn: AnyFunction, name: string) => PreparedCall) {
    this.#book = book
    this.#prepare = prepare
  }

  /** The call if there was one of this function before. */
  known(name: string): PreparedCall | undefined {
    return this.#prepared.get(name)
  }

  async prepare(name: string): Promise<PreparedCall> {
    const call = this.#prepare(await this.#book.find(name), name)
    this.#prepared.set(name, call)
    return call
  }
}

type Counts = (fn: object, name: string) => boolean

/** Functions of Node that are globals and no exports, and do not look native. */
const GLOBALS = new Set(['fetch', 'queueMicrotask', 'structuredClone'])

/**
 * The functions of Node and of the language themselves, such as `readFileSync` and `eval`: a module that exports one of
 * these has not made it. By identity: native addons and bound functions look as native as `eval` does.
 */
function builtIns(): ReadonlySet<unknown> {
  const found = new Set<unknown>()
  for (const exports of loadedModules()) {
    found.add(exports)
    collect(exports, 2, found, () => true)
  }
  // Other globals are the program's own.
  collect(globalThis, 2, found, (fn, name) => GLOBALS.has(name) || isNative(fn))
  return found
}

/** Those that are loaded, and what belongs to them, as `fs/promises` to `fs`: nothing can be exported of others, and loading some takes long or prints warnings. */
function loadedModules(): object[] {
  const { moduleLoadList = [] } = process as { readonly moduleLoadList?: readonly string[] }
  const loaded = new Set(moduleLoadList)
  return builtinModules
    .filter(name => loaded.has(`NativeModule ${name.split('/', 1)}`))
    .flatMap(name => process.getBuiltinModule(name) ?? [])
}

function collect(holder: object, depth: number, found: Set<unknown>, counts: Counts): void {
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
    if (typeof value === 'function' && counts(value, name)) found.add(value)
    if (depth > 1 && Object(value) === value) collect(value, depth - 1, found, counts)
  }
}

function isNative(fn: object): boolean {
  return Function.prototype.toString.call(fn).endsWith('{ [native code] }')
}
