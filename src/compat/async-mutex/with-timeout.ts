import { startTimer } from '../../base/clock.ts'
import type { MutexInterface, Releaser, SemaphoreInterface } from './types.ts'

/** What acquiring rejects with once the time of `withTimeout` is over, unless another error was given. */
export const E_TIMEOUT: Error = new Error('timeout while waiting for mutex to become available')

/** What acquiring rejects with by `tryAcquire` where it would have to wait, unless another error was given. */
export const E_ALREADY_LOCKED: Error = new Error('mutex already locked')

/** Either kind: a semaphore has a value, and a weight before the priority. */
type Lock = MutexInterface | SemaphoreInterface
/** What either takes: a weight, a priority and a signal, or without the weight. */
type Waiting = readonly [number?, (number | AbortSignal)?, AbortSignal?]

/**
 * The same lock, except that waiting for it takes at most so many milliseconds, and then rejects with `timeoutError`. Who
 * gave up has left the line.
 */
export function withTimeout(mutex: MutexInterface, timeout: number, timeoutError?: Error): MutexInterface
export function withTimeout(semaphore: SemaphoreInterface, timeout: number, timeoutError?: Error): SemaphoreInterface
export function withTimeout(lock: Lock, timeout: number, timeoutError: Error = E_TIMEOUT): Lock {
  const counts = 'getValue' in lock
  const wait = <T>(method: (...args: Waiting) => Promise<T>, [first, second, third]: Waiting): Promise<T> => {
    const outer = counts ? third : (second as AbortSignal | undefined)
    const controller = new AbortController()
    const signal = outer === undefined ? controller.signal : AbortSignal.any([outer, controller.signal])
    const waited = counts ? method.call(lock, first, second, signal) : method.call(lock, first, signal)
    if (timeout <= 0) controller.abort(timeoutError)
    const timer = startTimer(Math.max(0, timeout), () => controller.abort(timeoutError))
    const over = () => timer.cancel()
    waited.then(over, over)
    return waited
  }
  const acquire = lock.acquire as (...args: Waiting) => Promise<Releaser | [number, Releaser]>
  const waitForUnlock = lock.waitForUnlock as (...args: Waiting) => Promise<void>
  const bounded = {
    acquire: (...args: Waiting) => wait(acquire, args),
    async runExclusive<T>(callback: (value?: number) => Promise<T> | T, ...args: Waiting): Promise<T> {
      const granted = await wait(acquire, args)
      const [value, release] = typeof granted === 'function' ? [undefined, granted] : granted
      try {
        return await (value === undefined ? callback() : callback(value))
      } finally {
        release()
      }
    },
    waitForUnlock: (...args: Waiting) => wait(waitForUnlock, args),
    isLocked: () => lock.isLocked(),
    release: (weight?: number) => (lock as SemaphoreInterface).release(weight),
    cancel: () => lock.cancel(),
  }
  if (!counts) return bounded as MutexInterface
  const value = { getValue: () => lock.getValue(), setValue: (to: number) => lock.setValue(to) }
  return Object.assign(bounded as unknown as SemaphoreInterface, value)
}

/** The same lock, except that a call that would have to wait for it is rejected with `alreadyAcquiredError` at once. */
export function tryAcquire(mutex: MutexInterface, alreadyAcquiredError?: Error): MutexInterface
export function tryAcquire(semaphore: SemaphoreInterface, alreadyAcquiredError?: Error): SemaphoreInterface
export function tryAcquire(lock: Lock, alreadyAcquiredError: Error = E_ALREADY_LOCKED): Lock {
  return withTimeout(lock as SemaphoreInterface, 0, alreadyAcquiredError)
}
