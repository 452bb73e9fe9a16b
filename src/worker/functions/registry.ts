import { SerializationError } from '../../base/errors.ts'
import { show } from '../../base/options.ts'
import { pathToFileURL, process } from '../node.ts'
import { sharedState } from '../shared-state.ts'
import { importedNow } from './nesting.ts'

/** Any function, whatever it takes. */
export type AnyFunction = (...args: never[]) => unknown

/** A function that was found, called with what arrived. */
export type ResolvedFunction = (...args: readonly unknown[]) => unknown

interface Registry {
  readonly modules: Map<string, Map<string, Registration>>
  readonly wrapped: WeakMap<AnyFunction, { readonly fn: AnyFunction; readonly name: string }>
}

interface Registration {
  readonly fn: AnyFunction
  /** Another function goes by the same name in the same module. */
  ambiguous: boolean
}

const registry = sharedState<Registry>('registry', () => ({ modules: new Map(), wrapped: new WeakMap() }))

/**
 * Keeps a function under the module and the name by which callers refer to it: `task(fn, { module })` does so inside a
 * worker, so that functions are found there that their module does not export.
 *
 * The first one stays. A second one at the top level makes the name ambiguous; one that is made later, within a call, is
 * not what callers elsewhere can mean. A function without a name can't be referred to at all.
 */
export function register(module: string | URL, name: string, fn: AnyFunction): void {
  if (name === '') return
  const url = moduleUrl(module)
  const names = registry.modules.get(url) ?? new Map<string, Registration>()
  registry.modules.set(url, names)
  const first = names.get(name)
  if (first === undefined) names.set(name, { fn, ambiguous: false })
  else if (first.fn !== fn && importedNow() !== undefined) first.ambiguous = true
}

/** The function that was registered so; a `SerializationError` when there are two. */
export function registered(module: string | URL, name: string): AnyFunction | undefined {
  const registration = registry.modules.get(String(module))?.get(name)
  if (registration?.ambiguous) {
    throw new SerializationError(
      `${module} passes two functions named '${name}' to task(), and a worker can't tell which is meant: ` +
        'give one of them another `name` in the options',
    )
  }
  return registration?.fn
}

/** Everything that a module has registered: names and functions. */
export function allRegistered(module: string | URL): [name: string, fn: AnyFunction][] {
  return [...(registry.modules.get(String(module)) ?? [])].map(([name, { fn }]) => [name, fn])
}

/** Says that `wrapper` runs `fn` somewhere, by that name: where a worker finds `wrapper`, it is `fn` that it must run. */
export function markWrapper(wrapper: AnyFunction, fn: AnyFunction, name = fn.name): void {
  registry.wrapped.set(wrapper, { fn, name })
}

/** The function that a wrapper runs; any other function itself. */
export function unwrapped(fn: AnyFunction): AnyFunction {
  return registry.wrapped.get(fn)?.fn ?? fn
}

/** By which name workers know a function, or what a wrapper runs. */
export function nameOf(fn: AnyFunction): string {
  return registry.wrapped.get(fn)?.name ?? fn.name
}

/** What most functions are: told without a look at their tag, which takes several times as long. */
const ORDINARY: ReadonlySet<unknown> = new Set([Function.prototype, Object.getPrototypeOf(async () => {})])

/** Whether a function is an `async function*`, of whatever realm: its calls give streams. */
export function givesStream(fn: AnyFunction): boolean {
  try {
    const own = unwrapped(fn)
    if (ORDINARY.has(Object.getPrototypeOf(own))) return false
    return Object.prototype.toString.call(own) === '[object AsyncGeneratorFunction]'
  } catch {
    return false
  }
}

/**
 * The URL of a module as `import.meta.url` has it, also of the path that CommonJS has in `__filename`; a `TypeError` for
 * anything that a worker could not import.
 */
export function moduleUrl(module: string | URL | undefined): string {
  if (typeof module === 'string' && URL.canParse(module) && !isDrive(module)) return new URL(module).href
  if (module instanceof URL) return module.href
  if (typeof module === 'string' && isAbsolute(module)) return pathToFileURL(module).href
  throw new TypeError(
    `module must be the URL of a module, such as import.meta.url, or __filename, got ${show(module)}${hint(module)}`,
  )
}

function hint(module: unknown): string {
  if (module === undefined) {
    return ': a bundle in the CommonJS format has no import.meta.url (build it as ESM, or with the `shims` of tsup)'
  }
  if (typeof module !== 'string') return ''
  if (module.startsWith('.') || isDrive(module)) return ': for a path pass new URL(path, import.meta.url)'
  return ': for a package pass import.meta.resolve(name)'
}

/** `C:\tasks.js` would pass for a URL with the protocol `c:`. */
function isDrive(module: string): boolean {
  return /^[a-z]:/i.test(module)
}

function isAbsolute(path: string): boolean {
  return path.startsWith('/') || (process.platform === 'win32' && isDrive(path))
}
