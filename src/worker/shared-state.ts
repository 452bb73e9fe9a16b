/**
 * The one `key` of this thread, made when it is first asked for.
 *
 * A bundle may bring its own copy of this library, and a worker then has two: that of its entry and that of the module
 * it imports. What both must see cannot live in a module.
 */
export function sharedState<T>(key: string, make: () => T): T {
  const symbol = Symbol.for(`taskscope.worker.1.${key}`)
  const globals = globalThis as { [symbol]?: T }
  return (globals[symbol] ??= make())
}
