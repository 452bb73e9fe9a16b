import type { FunctionReference } from '../host/host.ts'
import { type AnyFunction, unwrapped } from './registry.ts'

/** How callers say where a function is found. */
export interface ReferenceOptions {
  readonly module?: string | URL
  readonly name?: string
}

/** How a worker finds this function. */
export function referTo(fn: AnyFunction, options: ReferenceOptions = {}): FunctionReference {
  const plain = unwrapped(fn)
  const name = options.name ?? plain.name
  if (options.module !== undefined) return { kind: 'module', url: String(options.module), name }
  return { kind: 'source', source: Function.prototype.toString.call(plain), name }
}
