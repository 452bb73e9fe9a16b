import { SerializationError } from '../../base/errors.ts'
import { getBuiltinModule, process } from '../node.ts'
import { importGuarded } from './nesting.ts'
import { type AnyFunction, allRegistered, type ResolvedFunction, registered, unwrapped } from './registry.ts'

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

/** A function of a module. */
export interface ModuleFunction {
  readonly name: string
  readonly fn: AnyFunction
  /** The module passes it to `task()`, which says that it is there to be called. */
  readonly task: boolean
}

/** What Node calls `module.exports` beside `default`. */
const COMMON = 'module.exports'

/** What {@link functionFromModule} finds, by each name that it goes by; those that come later are not known yet. */
export async function functionsInModule(url: string): Promise<ModuleFunction[]> {
  const { exports, realUrl } = await importModule(url)
  const tasks = tasksOf(url, realUrl)
  const members = [...Object.entries(exports), ...Object.entries(commonExports(exports) ?? {})]
  const exported = members.filter((member): member is [string, AnyFunction] => typeof member[1] === 'function')
  const offered = new Set(tasks.map(([, fn]) => unwrapped(fn)))
  for (const [, value] of exported) if (unwrapped(value) !== value) offered.add(unwrapped(value))
  const found = new Map<string, ModuleFunction>()
  for (const [key, value] of [...tasks, ...exported]) {
    const fn = unwrapped(value)
    const name = key === 'default' ? fn.name || key : key
    if (key !== COMMON && !found.has(name)) found.set(name, { name, fn, task: offered.has(fn) })
  }
  return [...found.values()]
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

function notFound(url: string, name: string, exports: Exports, tasks: readonly string[]): FunctionNotFoundError {
  const has = [
    ...Object.entries(exports).map(([key, value]) => (typeof value === 'function' ? key : `${key} (${typeof value})`)),
    ...tasks.map(task => `${task} (passed to task())`),
  ]
  return new FunctionNotFoundError(
    `${url} has no function named '${name}' that a worker could find; it has ${has.length === 0 ? 'none' : has.join(', ')}: ` +
      'export the function, or pass it to task() at the top level of that module (in a bundle of a single file, code that ' +
      'is imported with `import()` does not run in the worker: split the bundle)',
  )
}

const { realpathSync } = getBuiltinModule('node:fs')
const { fileURLToPath, pathToFileURL } = getBuiltinModule('node:url')

/** A module inside a worker. */
interface ImportedModule {
  readonly exports: Readonly<Record<string, unknown>>
  /** What `import.meta.url` says in it: the file behind the links. */
  readonly realUrl: string
}

/** Imports a module inside a worker. Its top level runs once, however often this is called: Node sees to that. */
async function importModule(url: string): Promise<ImportedModule> {
  try {
    const exports = (await importGuarded(url, () => import(url))) as ImportedModule['exports']
    return { exports, realUrl: realUrlOf(url) }
  } catch (cause) {
    throw new SerializationError(`a worker could not import ${url}: ${reasonOf(cause)}`, { cause })
  }
}

function reasonOf(cause: unknown): string {
  const { code, message } = Object(cause) as { readonly code?: unknown; readonly message?: unknown }
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && !process.features.typescript) {
    return `Node ${process.versions.node} does not run TypeScript here: use 22.18 or later, or compile the module first`
  }
  return message === undefined ? `it threw ${String(cause)}` : String(message)
}

function realUrlOf(url: string): string {
  if (!url.startsWith('file:')) return url
  const { search, hash } = new URL(url)
  return pathToFileURL(realpathSync(fileURLToPath(url))).href + search + hash
}

/** A worker does not have a function that a call names; another worker may. To callers it is a `SerializationError`. */
export class FunctionNotFoundError extends SerializationError {}
