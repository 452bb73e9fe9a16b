import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'

/**
 * The only file of the core that imports from Node: another runtime needs a replacement of this one alone.
 *
 * A captured async context. `AsyncResource` keeps the AsyncLocalStorage state of its construction at a fraction of the
 * price of `AsyncLocalStorage.snapshot()`; `requireManualDestroy` spares the garbage collector hook.
 */
export type AsyncContext = AsyncResource

const OPTIONS = { requireManualDestroy: true } as const

/** Remembers the async context of the caller; `captured.runInAsyncScope(fn, thisArg, ...args)` runs in it. */
export function captureContext(): AsyncContext {
  return new AsyncResource('TASKSCOPE', OPTIONS)
}

export { AsyncLocalStorage }
