import { Semaphore } from './semaphore.ts'
import type { MutexInterface, Releaser } from './types.ts'

/**
 * The face of async-mutex 0.5: `import { Mutex } from 'taskscope/compat/async-mutex'`. What is better and what differs is
 * said at {@link Semaphore}, of which it is one with the value 1.
 *
 * ```ts
 * const mutex = new Mutex()
 * await mutex.runExclusive(() => save(file))
 * ```
 */
export class Mutex implements MutexInterface {
  readonly #semaphore: Semaphore

  /** @param cancelError what `cancel()` rejects with */
  constructor(cancelError?: Error) {
    this.#semaphore = new Semaphore(1, cancelError)
  }

  async acquire(priority = 0, signal?: AbortSignal): Promise<Releaser> {
    const [, release] = await this.#semaphore.acquire(1, priority, signal)
    return release
  }

  runExclusive<T>(callback: () => Promise<T> | T, priority = 0): Promise<T> {
    return this.#semaphore.runExclusive(() => callback(), 1, priority)
  }

  waitForUnlock(priority = 0, signal?: AbortSignal): Promise<void> {
    return this.#semaphore.waitForUnlock(1, priority, signal)
  }

  isLocked(): boolean {
    return this.#semaphore.isLocked()
  }

  release(): void {
    if (this.#semaphore.isLocked()) this.#semaphore.release()
  }

  cancel(): void {
    this.#semaphore.cancel()
  }
}
