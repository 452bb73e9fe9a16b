import { startBackgroundTimer } from '../base/clock.ts'
import { isTransient } from './transient.ts'

/** Milliseconds until what failed for a server that is away is tried again. */
export const AGAIN = 1_000

/** For what is not given up. */
const FOREVER = new AbortController().signal

/** Tries again what failed only because the server could not be reached just now. */
export class Persistence {
  readonly #isOpen: () => boolean
  readonly #heard: (error: unknown) => void

  /** @param isOpen `false` when no call is left: nobody would close what is opened then */
  constructor(isOpen: () => boolean, heard: (error: unknown) => void) {
    this.#isOpen = isOpen
    this.#heard = heard
  }

  /** Until it succeeds, fails for good, or nobody wants it. */
  async persist<T>(action: () => Promise<T>, signal: AbortSignal = FOREVER): Promise<T> {
    for (;;) {
      try {
        return await action()
      } catch (error) {
        if (!isTransient(error) || !this.#isOpen()) throw error
        this.#heard(error)
        if (!signal.aborted) await pause(AGAIN)
        if (signal.aborted || !this.#isOpen()) throw error
      }
    }
  }
}

/** Keeps no process alive. */
export function pause(delay: number): Promise<void> {
  return new Promise(resolve => void startBackgroundTimer(delay, () => resolve()))
}
