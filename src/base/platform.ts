import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { channel, subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import type { RecordableHistogram } from 'node:perf_hooks'

/** The only file of the core that imports from Node. Browsers and edge runtimes get `src/web/platform.ts` in its place. */
export { AsyncLocalStorage, channel, subscribe, tracingChannel, unsubscribe }

/** Whether there are diagnostics channels, so that others can hear of tasks. */
export const HAS_CHANNELS: boolean = true

/** Loads what Node needs for it when the first is made: few programs measure, and all would wait for ten more modules. */
export function createHistogram(): RecordableHistogram {
  return process.getBuiltinModule('node:perf_hooks').createHistogram()
}

/** Whether async contexts are followed, so that code can ask which task it belongs to. */
export const FOLLOWS_CONTEXTS: boolean = true

/** How many threads run at a time here. */
export function availableParallelism(): number {
  return process.getBuiltinModule('node:os').availableParallelism()
}

/** A text without the sequences that move the cursor and set colours. */
export function stripControlSequences(text: string): string {
  return process.getBuiltinModule('node:util').stripVTControlCharacters(text)
}

/** Whether Node was told, on its command line or by `NODE_OPTIONS`, to say more of where errors come from. */
export const TRACES_UNCAUGHT = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)].includes(
  '--trace-uncaught',
)

/** Calls `tell` whenever the process has nothing left to do and is about to end. Returns what ends that. */
export function onNothingLeft(tell: () => void): () => void {
  process.on('beforeExit', tell)
  return () => process.removeListener('beforeExit', tell)
}

/** Calls `go` after the event loop has had a turn. Taken when this module loads, so that no clock of tests holds it up. */
export const afterTurn: (go: () => void) => unknown = setImmediate

/** A remembered async context: `runInAsyncScope(fn, thisArg, ...args)` runs in it. */
export type AsyncContext = Pick<AsyncResource, 'runInAsyncScope'>

/**
 * Remembers the async context of the caller.
 *
 * An `AsyncResource` keeps the AsyncLocalStorage state of its construction at a fraction of the price of
 * `AsyncLocalStorage.snapshot()`. It still weighs over 100 bytes, a fifth of a pending task, which buys nothing where no
 * AsyncLocalStorage is in use: those callers all share one.
 */
export function captureContext(): AsyncContext {
  const captured = capture()
  return FRAME !== undefined && (captured as Frames)[FRAME] === undefined ? EMPTY : captured
}

type Frames = AsyncResource & { readonly [key: symbol]: unknown }

function capture(): AsyncResource {
  return new AsyncResource('TASKSCOPE', { requireManualDestroy: true })
}

/**
 * Calls `run` with `value` in a storage. Only within a call of `runInAsyncScope`, at whose end what is entered here ends: for
 * that it costs less than `run` of the storage.
 */
export function runEntered<T, A, B, R>(
  storage: AsyncLocalStorage<T>,
  value: T,
  run: (first: A, second: B) => R,
  first: A,
  second: B,
): R {
  storage.enterWith(value)
  return run(first, second)
}

/** Calls `run` outside of every AsyncLocalStorage. */
export function outsideContext<T>(run: () => T): T {
  return EMPTY.runInAsyncScope(run)
}

const EMPTY = new AsyncLocalStorage().exit(capture)
const FRAME = frameSymbol()

/**
 * The property in which Node keeps the frame of a context, if it has one (since Node 24). It is not documented, so it is
 * believed only if it holds nothing outside of any AsyncLocalStorage and something inside.
 */
function frameSymbol(): symbol | undefined {
  const inside = new AsyncLocalStorage().run(true, capture) as Frames
  const found = Object.getOwnPropertySymbols(inside).find(symbol => symbol.description === 'context_frame')
  if (found === undefined || typeof inside[found] !== 'object') return undefined
  return (EMPTY as Frames)[found] === undefined ? found : undefined
}
