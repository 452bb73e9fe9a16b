import type { TaskContext } from '../../src/index.ts'

/** Work that hears the abort of its signal, and then takes until `stopped` to stop. */
export function hearing(stopped: PromiseLike<void>) {
  return async ({ signal }: TaskContext): Promise<void> => {
    await new Promise(resolve => signal.addEventListener('abort', resolve))
    await stopped
    throw signal.reason
  }
}

/** Work that never looks at its signal. */
export function deaf<T>(until: PromiseLike<T>) {
  return async (): Promise<T> => await until
}

/** Ends after `delay` virtual milliseconds. */
export function elapse(delay: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, delay))
}
