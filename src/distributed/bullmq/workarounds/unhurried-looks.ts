import { startTimer } from '../../../base/clock.ts'

/** Milliseconds until a worker looks for a job again after a look has failed. */
const PAUSE = 1_000

/** What of the engine's backends this is about. */
interface LookingBackend {
  moveToActive(...args: unknown[]): Promise<unknown>
}

/**
 * Has a worker wait after a look for a job that the server refuses. The engine waits only where it finds the connection
 * closed; where the server is full, or read-only, or does not know the password any more, it would look thousands of times
 * a second.
 *
 * Read in BullMQ 6.7.0, `classes/worker.js`, line 962: `if (isNotConnectionError(err)) {`, after which nothing waits. Delete
 * when it does.
 */
export function lookUnhurriedly(backend: object): void {
  const looking = backend as LookingBackend
  const look = looking.moveToActive.bind(backend)
  looking.moveToActive = async (...args) => {
    try {
      return await look(...args)
    } catch (error) {
      await new Promise<void>(resolve => void startTimer(PAUSE, resolve))
      throw error
    }
  }
}
