/** Taken when this module loads, so that fake timers installed later cannot stop it. */
const afterThisTurn = globalThis.setImmediate

/**
 * Resolves when everything that can run now has run: all queued microtasks, and with them every ready step of promises
 * and of effection operations. Timers do not fire meanwhile, and real I/O is not waited for.
 *
 * ```ts
 * const handle = manager.spawn(() => gate)
 * await settle()
 * assert.equal(handle.status, 'running')
 * ```
 */
export function settle(): Promise<void> {
  return new Promise(resolve => afterThisTurn(resolve))
}

/** Like {@link settle}, and goes on while anything asks for another turn of the event loop, `settle` itself included. */
export async function settleAll(): Promise<void> {
  do await settle()
  while (process.getActiveResourcesInfo().includes('Immediate'))
}
