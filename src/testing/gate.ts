/** A promise that the test settles. The first `open` or `fail` decides, later ones do nothing. */
export interface Gate<T> extends Promise<T> {
  /** Lets everyone through who waits, now or later, with `value`. */
  open(value: T): void
  /** Makes everyone fail who waits, now or later, with this very error. */
  fail(error: unknown): void
}

/**
 * Makes work that ends exactly when the test says so: no sleeping, no guessing. A gate that failed while nobody waited
 * is not an unhandled rejection.
 *
 * ```ts
 * const gate = createGate<string>()
 * const handle = manager.spawn(() => gate)
 * await settle()
 * assert.equal(handle.done(), false)
 * gate.open('through')
 * assert.equal(await handle, 'through')
 * ```
 */
export function createGate<T = void>(): Gate<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  promise.catch(() => {})
  return Object.assign(promise, { open: (value: T) => resolve(value), fail: (error: unknown) => reject(error) })
}
