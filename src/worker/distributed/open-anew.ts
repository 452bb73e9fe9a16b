import { now, startTimer } from '../../clock.ts'
import type { Server } from './connection.ts'
import { ConnectionError, refusalOf } from './errors.ts'
import { isPassing } from './passing.ts'

/** Milliseconds between two attempts. */
const PAUSE = 100

/**
 * Opens something on a server that asks more of it than a connection: one that is lost meanwhile counts as not reached yet,
 * and all is opened anew within `timeout` milliseconds. `open` is told how many of them are left.
 */
export async function openAnew<T>(server: Server, timeout: number, open: (left: number) => Promise<T>): Promise<T> {
  const end = now() + timeout
  for (;;) {
    try {
      return await open(Math.max(1, end - now()))
    } catch (error) {
      // A server that could not be reached at all has been tried for all the time already.
      if (error instanceof ConnectionError || !isPassing(error)) throw error
      if (now() + PAUSE >= end) throw refusalOf(`${server.label} could not be reached within ${timeout} ms`, error)
    }
    await new Promise<void>(resolve => void startTimer(PAUSE, () => resolve()))
  }
}
