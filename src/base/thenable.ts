/** Whether it is to be awaited; throws what its `then` throws. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return false
  return typeof (value as Partial<PromiseLike<unknown>>).then === 'function'
}

/** A promise of our own: a `then` that throws, or answers twice, does no harm to it. */
export function settled(thenable: PromiseLike<unknown>): Promise<unknown> {
  return new Promise(resolve => resolve(thenable))
}
