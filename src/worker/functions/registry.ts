import { sharedState } from './shared-state.ts'

/** Any function, as a call by reference sees it. */
export type AnyFunction = (...args: readonly never[]) => unknown

interface Registry {
  readonly modules: Map<string, Map<string, AnyFunction>>
  readonly wrapped: WeakMap<AnyFunction, AnyFunction>
}

const registry = sharedState<Registry>('registry', () => ({ modules: new Map(), wrapped: new WeakMap() }))

/** Keeps a function under the module and the name by which callers refer to it. */
export function register(url: string, name: string, fn: AnyFunction): void {
  const names = registry.modules.get(url) ?? new Map<string, AnyFunction>()
  registry.modules.set(url, names.set(name, fn))
}

/** The function that was registered so. */
export function registered(url: string, name: string): AnyFunction | undefined {
  return registry.modules.get(url)?.get(name)
}

/** The names of everything that a module has registered. */
export function registeredNames(url: string): string[] {
  return [...(registry.modules.get(url)?.keys() ?? [])]
}

/** Says that `wrapper` runs `fn` somewhere: where `wrapper` is found inside a worker, `fn` is meant. */
export function markWrapper(wrapper: AnyFunction, fn: AnyFunction): void {
  registry.wrapped.set(wrapper, fn)
}

/** The function that a wrapper runs; any other function itself. */
export function unwrapped(fn: AnyFunction): AnyFunction {
  return registry.wrapped.get(fn) ?? fn
}
