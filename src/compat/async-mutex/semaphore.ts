import { followSignal } from '../../base/follow-signal.ts'
import { Line, Supply } from '../../limits/acquire/line.ts'
import { CallbackWaiter, type Waiter } from '../../limits/acquire/waiter.ts'
import { Concurrency } from '../../limits/algorithms/concurrency.ts'
import type { Releaser, SemaphoreInterface } from './types.ts'

/** What those who wait are rejected with by `cancel()`, unless the constructor was given another error. */
export const E_CANCELED: Error = new Error('request for lock canceled')

/** One that waits until it could acquire, and takes nothing. */
interface Onlooker {
  readonly weight: number
  readonly priority: number
  readonly tell: () => void
}

/**
 * The face of async-mutex 0.5: `import { Semaphore } from 'taskscope/compat/async-mutex'`.
 *
 * Better: who gives up waiting (`withTimeout`, a signal) leaves the line at once, where async-mutex keeps the place and holds
 * up those behind it; an `AbortSignal` as the last argument of `acquire` and `waitForUnlock` ends the waiting with its reason;
 * `using release = …` gives back by itself; a place in the line costs the logarithm of its length.
 *
 * Different: nothing but the wording of errors. In new code, `Semaphore` of `taskscope` does not let more be given back than
 * was taken.
 *
 * ```ts
 * const semaphore = new Semaphore(2)
 * await semaphore.runExclusive(() => fetch(url))
 * ```
 */
export class Semaphore implements SemaphoreInterface {
  readonly #supply: Supply
  readonly #line: Line
  readonly #cancelError: Error
  readonly #waiting = new Map<Waiter, (error: unknown) => void>()
  readonly #onlookers = new Set<Onlooker>()

  /** @param value any integer @param cancelError what `cancel()` rejects with */
  constructor(value: number, cancelError: Error = E_CANCELED) {
    this.#supply = new Supply(new Concurrency(value))
    this.#line = new Line([this.#supply])
    this.#cancelError = cancelError
  }

  acquire(weight = 1, priority = 0, signal?: AbortSignal): Promise<[value: number, release: Releaser]> {
    checkWeight(weight)
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      let unlink = () => {}
      const granted = () => {
        this.#waiting.delete(waiter)
        unlink()
        resolve([this.getValue() + weight, this.#releaser(weight)])
        this.#tellOnlookers(this.getValue())
      }
      const waiter = new CallbackWaiter(this.#line, [weight], granted, priority)
      this.#line.enter(waiter)
      if (waiter.position < 0) return
      this.#waiting.set(waiter, error => {
        unlink()
        reject(error)
      })
      if (signal !== undefined) unlink = followSignal(signal, reason => this.#refuse(waiter, reason))
    })
  }

  async runExclusive<T>(callback: (value: number) => Promise<T> | T, weight = 1, priority = 0): Promise<T> {
    const [value, release] = await this.acquire(weight, priority)
    try {
      return await callback(value)
    } finally {
      release()
    }
  }

  waitForUnlock(weight = 1, priority = 0, signal?: AbortSignal): Promise<void> {
    checkWeight(weight)
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      let unlink = () => {}
      const onlooker = {
        weight,
        priority,
        tell: () => {
          unlink()
          resolve()
        },
      }
      if (this.#couldTake(onlooker, this.getValue())) return resolve()
      this.#onlookers.add(onlooker)
      if (signal === undefined) return
      unlink = followSignal(signal, reason => {
        this.#onlookers.delete(onlooker)
        reject(reason)
      })
    })
  }

  isLocked(): boolean {
    return this.getValue() <= 0
  }

  getValue(): number {
    return this.#supply.algorithm.capacity - this.#supply.algorithm.used(0)
  }

  setValue(value: number): void {
    const { algorithm } = this.#supply
    // What is held is no more than the difference: nobody has to give back what he took.
    algorithm.giveBack(algorithm.used(0), 0, 0)
    // Before those in line have it, so that who has a higher priority than they hears of it.
    this.#tellOnlookers(value)
    this.#supply.resize(value)
  }

  release(weight = 1): void {
    checkWeight(weight)
    this.setValue(this.getValue() + weight)
  }

  cancel(): void {
    const waiting = [...this.#waiting].sort(([a], [b]) => b.priority - a.priority)
    this.#waiting.clear()
    // From the end of the line: the first to go must not make room for the next.
    for (const [waiter] of waiting.toReversed()) waiter.cancel()
    for (const [, reject] of waiting) reject(this.#cancelError)
    this.#tellOnlookers(this.getValue())
  }

  #refuse(waiter: Waiter, error: unknown): void {
    const reject = this.#waiting.get(waiter)
    this.#waiting.delete(waiter)
    waiter.cancel()
    reject?.(error)
  }

  #releaser(weight: number): Releaser {
    let held = true
    const release = () => {
      if (!held) return
      held = false
      this.release(weight)
    }
    return Object.assign(release, { [Symbol.dispose]: release })
  }

  #couldTake({ weight, priority }: Onlooker, value: number): boolean {
    const { head } = this.#line
    return weight <= value && (head === undefined || head.priority < priority)
  }

  #tellOnlookers(value: number): void {
    for (const onlooker of [...this.#onlookers].sort((a, b) => b.weight - a.weight || b.priority - a.priority)) {
      if (this.#couldTake(onlooker, value) && this.#onlookers.delete(onlooker)) onlooker.tell()
    }
  }
}

function checkWeight(weight: number): void {
  if (!(weight > 0)) throw new Error(`invalid weight ${weight}: must be positive`)
}
