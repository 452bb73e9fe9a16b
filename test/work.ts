import type { TaskContext } from '../src/index.ts'

/** Resolves after so many milliseconds and hears nothing meanwhile. */
export function delay<T = void>(milliseconds: number, value?: T): Promise<T> {
  return new Promise(resolve => setTimeout(() => resolve(value as T), milliseconds))
}

/** Never ends by itself; rejects with the signal's reason, so many milliseconds after it is aborted. */
export function untilAborted(signal: AbortSignal, cleanup = 0): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => (cleanup === 0 ? reject(signal.reason) : setTimeout(() => reject(signal.reason), cleanup))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}

/** Never ends and hears nothing. */
export function forever(): Promise<never> {
  return new Promise(() => {})
}

/** What a promise rejects with. */
export async function failureOf(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('the promise was fulfilled')
}

/** Everything that a loop over `items` gives. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** Asks for the signal, so that the task waits for `work` when it is told to stop; `work` decides how it ends. */
export function listening<T>({ signal }: TaskContext, work: (signal: AbortSignal) => T): T {
  return work(signal)
}
