import { now, startBackgroundTimer, startTimer } from '../base/clock.ts'
import { isFinal } from './connect.ts'
import { ConnectionError, isTransient, refusalOf } from './errors.ts'
import type { Server } from './target.ts'

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

/** Milliseconds between two attempts. */
const PAUSE = 100

/**
 * Opens something on a server that asks more of it than a connection: one that is lost meanwhile counts as not reached yet,
 * and all is opened anew within `timeout` milliseconds. `open` is told how many of them are left.
 */
export async function openAnew<T>(server: Server, timeout: number, open: (left: number) => Promise<T>): Promise<T> {
  const end = now() + timeout
  // Of the first attempt all of it, as what it says of a server that is away tells how long that was waited for.
  let left = timeout
  let before: unknown
  for (;;) {
    try {
      return await open(left)
    } catch (error) {
      if (!isTransient(error)) throw error
      // It has been tried for all the time that was left, which may have been short: what was met before says more.
      const unreached = error instanceof ConnectionError
      if (unreached && (before === undefined || isFinal(error.cause))) throw error
      if (!unreached) before = error
      if (unreached || now() + PAUSE >= end)
        throw refusalOf(`${server.label} could not be reached within ${timeout} ms`, before)
    }
    await new Promise<void>(resolve => void startTimer(PAUSE, () => resolve()))
    left = Math.max(1, end - now())
  }
}
