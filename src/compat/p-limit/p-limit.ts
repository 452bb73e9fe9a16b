import { concurrency as checked } from '../shared/expect.ts'
import { startGround } from '../shared/start.ts'

/** How many at a time, and what becomes of those that are cleared. */
export interface LimitOptions {
  /** A positive integer or `Infinity`. */
  readonly concurrency: number
  /** Whether the promises of calls that `clearQueue` discards reject with an `AbortError`; else they never settle. @default false */
  readonly rejectOnClear?: boolean
}

type LimitCall = <A extends unknown[], R>(fn: (...args: A) => PromiseLike<R> | R, ...args: A) => Promise<R>

/** Runs what it is called with, so many at a time. */
export interface LimitFunction {
  /** Calls `fn(...args)` when its turn comes; gives what that gives. */
  <A extends unknown[], R>(fn: (...args: A) => PromiseLike<R> | R, ...args: A): Promise<R>
  /** Calls `mapper(item, index)` for every item; rejects as soon as one fails, or with what the input throws. */
  map<I, R>(items: Iterable<I>, mapper: (item: I, index: number) => PromiseLike<R> | R): Promise<R[]>
  /** How many calls run. */
  readonly activeCount: number
  /** How many calls wait. */
  readonly pendingCount: number
  /** How many may run at a time. Raising it starts more at once, lowering it stops none. */
  concurrency: number
  /** Discards the calls that wait: see `rejectOnClear`. */
  clearQueue(): void
}

/**
 * The face of p-limit 7: `import pLimit from 'taskscope/compat/p-limit'`.
 *
 * Better: the event loop has a turn at least every 10 ms however many calls are ready; where calls wait for one another in
 * the same limit and nothing else is left to do, one rejects with a `DeadlockError`, and p-limit lets the process end without
 * a word; a million waiting calls take less memory; the diagnostics channel `taskscope:task` tells of each call.
 *
 * Different: nothing but the wording of errors for wrong options.
 *
 * Throws `TypeError` for a wrong `concurrency` or `rejectOnClear`.
 *
 * ```ts
 * const limit = pLimit(2)
 * const pages = await Promise.all(urls.map(url => limit(() => fetch(url))))
 * ```
 */
export function pLimit(options: number | LimitOptions): LimitFunction {
  const { concurrency, rejectOnClear } = settings(options)
  const { manager } = startGround(concurrency)
  const limit = <A extends unknown[], R>(fn: (...args: A) => PromiseLike<R> | R, ...args: A): Promise<R> =>
    new Promise<R>((resolve, reject) => {
      const handle = manager.spawn(() => later(fn, args), { startNow: true })
      const failed = (error: unknown) => {
        if (handle.status !== 'cancelled') reject(error)
        else if (rejectOnClear) reject(AbortSignal.abort().reason)
      }
      // A listener: `resolve` itself would count as an await of the caller, which may never look at the promise.
      handle.then(value => resolve(value), failed)
    })
  return Object.defineProperties(limit as unknown as LimitFunction, {
    activeCount: { get: () => manager.stats().running },
    pendingCount: { get: () => manager.stats().pending },
    concurrency: {
      get: () => manager.maxTasks,
      set: (value: number) => {
        manager.maxTasks = checked('concurrency', value)
      },
    },
    clearQueue: { value: () => void manager.cancelPending() },
    map: { value: mapped.bind(undefined, limit) },
  })
}

/**
 * A function that runs so often at a time, however often it is called; `clearQueue` discards the calls that wait.
 *
 * Throws `TypeError` for wrong options.
 */
export function limitFunction<A extends unknown[], R>(
  fn: (...args: A) => PromiseLike<R>,
  options: LimitOptions,
): ((...args: A) => Promise<R>) & Pick<LimitFunction, 'clearQueue'> {
  const limit = pLimit(options)
  return Object.assign((...args: A) => limit(fn, ...args), { clearQueue: () => limit.clearQueue() })
}

function settings(options: number | LimitOptions): Required<LimitOptions> {
  const { concurrency, rejectOnClear = false } = typeof options === 'object' ? options : { concurrency: options }
  if (typeof rejectOnClear !== 'boolean') throw new TypeError('Expected `rejectOnClear` to be a boolean')
  return { concurrency: checked('concurrency', concurrency), rejectOnClear }
}

/** The slot is taken in the call, the function runs in a later microtask. What it returns is a value, operations too. */
async function later<A extends unknown[], R>(fn: (...args: A) => PromiseLike<R> | R, args: A): Promise<R> {
  await undefined
  return fn(...args)
}

async function mapped<I, R>(
  limit: LimitCall,
  items: Iterable<I>,
  mapper: (item: I, index: number) => PromiseLike<R> | R,
): Promise<R[]> {
  const calls: Promise<R>[] = []
  try {
    for (const item of items) calls.push(limit(mapper, item, calls.length))
  } catch (error) {
    // Those that were scheduled run, but nobody hears of them any more.
    for (const call of calls) call.catch(() => {})
    throw error
  }
  return Promise.all(calls)
}
