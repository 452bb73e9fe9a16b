import { builtinModules } from 'node:module'

type Counts = (fn: object, name: string) => boolean

/** Functions of Node that are globals and no exports, and do not look native. */
const GLOBALS = new Set(['fetch', 'queueMicrotask', 'structuredClone'])

/**
 * The functions of Node and of the language themselves, such as `readFileSync` and `eval`: a module that exports one of
 * these has not made it. By identity: native addons and bound functions look as native as `eval` does.
 */
export function builtIns(): ReadonlySet<unknown> {
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
