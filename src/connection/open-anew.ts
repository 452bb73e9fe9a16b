import { now, startTimer } from '../base/clock.ts'
import { isFinal } from './connect.ts'
import { ConnectionError, refusalOf } from './errors.ts'
import type { Server } from './target.ts'
import { isTransient } from './transient.ts'

/** Milliseconds between two attempts. */
const PAUSE = 100

/**
 * Opens something on a server that asks more of it than a connection: one that is lost meanwhile counts as not reached yet,
 * and all is opened anew within `timeout` milliseconds. `open` is told how many of them are left.
 */
export async function openAnew<T>(server: Server, timeout: number, open: (left: number) => Promise<T>): Promise<T> {
  const end = now() + timeout
  let before: unknown
  for (;;) {
    try {
      return await open(Math.max(1, end - now()))
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
  }
}
