import { madeOf } from '../../../connection/driver-errors.ts'
import { isTransient } from '../../../connection/errors.ts'

/** What of the engine's backend of a PostgreSQL this is about: all that it asks goes through here. */
interface QueryBackend {
  query(text: string, params: unknown[]): Promise<unknown>
}

/**
 * Has a backend say which of its failures are lost connections. The engine takes none but a refused connection for one: its
 * workers would fail a job whose result they could not write down, and not try again.
 *
 * Read in BullMQ 6.7.0, `utils/index.js`, line 168: `code !== 'ECONNREFUSED');`. Delete when that takes the codes of
 * PostgreSQL, and of sockets that end, for lost connections.
 */
export function tellLostConnections<T extends object>(backend: T, bull: typeof import('bullmq')): T {
  const asked = backend as unknown as QueryBackend
  const query = asked.query.bind(backend)
  asked.query = async (text, params) => {
    try {
      return await query(text, params)
    } catch (error) {
      if (!isTransient(error)) throw error
      throw madeOf(new bull.ConnectionClosedError(`Connection is closed. ${error}`, error as Error), error)
    }
  }
  return backend
}
