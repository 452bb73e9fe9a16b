import { callback, string } from '../../base/options.ts'
import { type AnyFunction, moduleUrl, unwrapped } from './registry.ts'
import { sourceOf } from './source-of.ts'

/** How a worker finds the function of a call. */
export type FunctionReference =
  | { readonly kind: 'module'; readonly url: string; readonly name: string }
  | { readonly kind: 'source'; readonly source: string; readonly name: string }

/** Where a worker finds a function. */
export interface ReferenceOptions {
  /**
   * The module that has it: `import.meta.url`. The worker imports that module, all of it, and takes the function by its
   * name: an export, or what the module passes to `task()` at its top level. Without it the source of the function is
   * sent, which must then need nothing from outside itself.
   *
   * In a bundle `import.meta.url` is that of the bundle, or of the part of it that has the function: what the program does
   * at its top level belongs behind `if (!insideWorker())` there. Minifiers drop the names of functions: pass `name`.
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

/** Which function was meant by a name in a module. */
const claims = new Map<string, WeakRef<AnyFunction>>()
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
  const reference = place === SOURCE ? bySource(plain, name) : byModule(plain, moduleUrl(place), name)
  known.set(plain, { place, name, reference })
  return reference
}

function bySource(fn: AnyFunction, name: string): FunctionReference {
  return Object.freeze({ kind: 'source', source: sourceOf(fn, name), name })
}

function byModule(fn: AnyFunction, url: string, name: string): FunctionReference {
  if (name !== '') {
    claim(fn, url, name)
    return Object.freeze({ kind: 'module', url, name })
  }
  throw new TypeError(
    `an anonymous function can't be found in ${url}: name it (\`function square(x) { … }\`, \`const square = …\`) or pass ` +
      'its `name` in the options',
  )
}

/** A worker would run the wrong one of two functions, unnoticed; the same source twice is one function, made twice. */
function claim(fn: AnyFunction, url: string, name: string): void {
  const key = `${name} ${url}`
  const before = claims.get(key)?.deref()
  if (before !== undefined && sourceText(before) !== sourceText(fn)) {
    throw new TypeError(
      `two functions go by the name '${name}' in ${url}, and a worker can't tell which is meant: give one of them another ` +
        '`name` in the options',
    )
  }
  if (before === undefined) claims.set(key, new WeakRef(fn))
}

function sourceText(fn: AnyFunction): string {
  return Function.prototype.toString.call(fn)
}
