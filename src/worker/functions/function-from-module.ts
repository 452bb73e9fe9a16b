import { SerializationError } from '../../errors.ts'
import { importModule } from './import-module.ts'
import { type AnyFunction, allRegistered, registered, unwrapped } from './registry.ts'
import type { ResolvedFunction } from './resolve-function.ts'

type Exports = Readonly<Record<string, unknown>>

/**
 * The function of that name in a module. What the module passes to `task()` comes first, since that is what the caller's
 * side refers to, exported or not; then an export of that name; then an export whose value has that name, as bundlers
 * rename exports.
 */
export async function functionFromModule(url: string, name: string): Promise<ResolvedFunction> {
  const { exports, realUrl } = await importModule(url)
  const found = registered(url, name) ?? registered(realUrl, name) ?? exported(exports, name)
  if (found === undefined)
    throw notFound(
      url,
      name,
      exports,
      tasksOf(url, realUrl).map(([task]) => task),
    )
  return unwrapped(found) as ResolvedFunction
}

/** The names of the functions that {@link functionFromModule} finds, one for each; those that come later are not known yet. */
export async function functionNamesOf(url: string): Promise<string[]> {
  const { exports, realUrl } = await importModule(url)
  const found = [...tasksOf(url, realUrl), ...Object.entries(exports), ...Object.entries(commonExports(exports) ?? {})]
  const names = new Map<unknown, string>()
  for (const [name, fn] of found) {
    if (typeof fn !== 'function') continue
    const plain = unwrapped(fn as AnyFunction)
    if (!names.has(plain)) names.set(plain, name === 'default' ? plain.name || name : name)
  }
  return [...names.values()]
}

function tasksOf(url: string, realUrl: string): [name: string, fn: AnyFunction][] {
  return [...new Set([url, realUrl])].flatMap(allRegistered)
}

function exported(exports: Exports, name: string): AnyFunction | undefined {
  const direct = exports[name]
  if (typeof direct === 'function') return direct as AnyFunction
  const named = new Set(functionsOf(exports).filter(fn => fn.name === name))
  if (named.size === 1) return [...named][0]
  const common = commonExports(exports) ?? {}
  // What every object inherits is not the module's.
  return Object.hasOwn(common, name) && typeof common[name] === 'function' ? (common[name] as AnyFunction) : undefined
}

function functionsOf(exports: Exports): AnyFunction[] {
  return Object.values(exports).filter(value => typeof value === 'function') as AnyFunction[]
}

/** `module.exports` of a CommonJS module, not all of whose names Node can tell. */
function commonExports({ default: common }: Exports): Exports | undefined {
  return typeof common === 'object' && common !== null ? (common as Exports) : undefined
}

function notFound(url: string, name: string, exports: Exports, tasks: readonly string[]): SerializationError {
  const has = [
    ...Object.entries(exports).map(([key, value]) => (typeof value === 'function' ? key : `${key} (${typeof value})`)),
    ...tasks.map(task => `${task} (passed to task())`),
  ]
  return new SerializationError(
    `${url} has no function named '${name}' that a worker could find; it has ${has.length === 0 ? 'none' : has.join(', ')}: ` +
      'export the function, or pass it to task() at the top level of that module (in a bundle of a single file, code that ' +
      'is imported with `import()` does not run in the worker: split the bundle)',
  )
}
