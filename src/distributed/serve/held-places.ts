import { startBackgroundTimer } from '../../base/clock.ts'
import { pauseAfter } from './pause-after.ts'

/**
 * Places of a worker that stay taken for a while after their jobs went back: a worker that can't run what comes is done
 * with each job at once, and would draw most of a queue. The more of them in a row, the longer.
 */
export class HeldPlaces {
  readonly #held = new Set<{ readonly jobId: string; readonly free: () => void }>()
  readonly #longest: number
  #inARow = 0
  #closed = false

  /** @param longest milliseconds */
  constructor(longest: number) {
    this.#longest = longest
  }

  /** Whether a place of this job is held. */
  has(jobId: string): boolean {
    return this.#held.values().some(place => place.jobId === jobId)
  }

  /** Resolves when the place is free again. */
  async hold(jobId: string): Promise<void> {
    if (this.#closed) return
    const { promise, resolve: free } = Promise.withResolvers<void>()
    const timer = startBackgroundTimer(Math.min(pauseAfter(this.#inARow), this.#longest), free)
    const place = { jobId, free }
    this.#inARow += 1
    this.#held.add(place)
    await promise
    timer.cancel()
    this.#held.delete(place)
  }

  /** A job came that this worker can run. */
  reset(): void {
    this.#inARow = 0
  }

  /** Nothing is held any more. */
  close(): void {
    this.#closed = true
    for (const { free } of this.#held) free()
  }
}
