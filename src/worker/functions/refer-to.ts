import { callback, string } from '../../options.ts'
import type { FunctionReference } from '../host/host.ts'
import { moduleUrl } from './module-url.ts'
import { type AnyFunction, unwrapped } from './registry.ts'
import { sourceOf } from './source-of.ts'

/** Where a worker finds a function. */
export interface ReferenceOptions {
  /**
   * The module that has it: `import.meta.url`. The worker imports that module and takes the function by its name: an
   * export, or whatever the module passes to `task()` at its top level. Without it the source of the function is sent.
   */
  readonly module?: string | URL
  /** The name of the function in its module. @default the function's own name */
  readonly name?: string
}

/** A function is mostly referred to in one way, and always anew. */
interface Known {
  /** The module, as it was given. */
  readonly place: string | URL | typeof SOURCE | undefined
  readonly name: string
  readonly reference: FunctionReference
}

/** In place of a module: the source of the function is sent. */
const SOURCE = Symbol('source')

const known = new WeakMap<AnyFunction, Known>()

/**
 * How a worker finds this function; the same reference again for the same function and options. Throws at once when a
 * worker could not: `TypeError` for a function without a name or a source, `SerializationError` for one that takes
 * variables from outside itself and is sent by its source.
 */
export function referTo(fn: AnyFunction, options: ReferenceOptions = {}): FunctionReference {
  const plain = unwrapped(callback('fn', fn))
  const { module, name = plain.name } = options
  const place = 'module' in options ? module : SOURCE
  const before = known.get(plain)
  if (before !== undefined && before.place === place && before.name === name) return before.reference
  string('name', name)
  const reference = place === SOURCE ? bySource(plain, name) : byModule(moduleUrl(place), name)
  known.set(plain, { place, name, reference })
  return reference
}

function bySource(fn: AnyFunction, name: string): FunctionReference {
  return Object.freeze({ kind: 'source', source: sourceOf(fn, name), name })
}

function byModule(url: string, name: string): FunctionReference {
  if (name !== '') return Object.freeze({ kind: 'module', url, name })
  throw new TypeError(
    `an anonymous function can't be found in ${url}: name it (\`function square(x) { … }\`, \`const square = …\`) or pass ` +
      'its `name` in the options',
  )
}
