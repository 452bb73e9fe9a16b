import { named, TaskScopeError } from '../base/errors.ts'
import { driverCode } from './driver-errors.ts'

/** The server could not be reached in time, or refused what was asked; `cause` is what was said last. */
export class ConnectionError extends TaskScopeError {
  static override readonly name: string = named(this, 'ConnectionError')

  readonly code = 'ERR_CONNECTION'
  /**
   * What the server or Node calls the reason: `'NOREPLICAS'`, `'OOM'` or `'WRONGPASS'` of a Redis, `'28P01'` of a PostgreSQL,
   * `'ECONNREFUSED'`. `undefined` where there is none, as after a close.
   */
  readonly serverCode: string | undefined

  /** @param options `cause`: its code is the server's */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.serverCode = driverCode(options?.cause) || undefined
  }
}

/** What callers get of an error: a {@link ConnectionError} where it comes from the driver of a server, else itself. */
export function refusalOf(what: string, error: unknown): unknown {
  if (driverCode(error) === undefined) return error
  return new ConnectionError(`${what}: ${(error as Error).message}`, { cause: error })
}

/** Of Node, of PostgreSQL (connection, shutting down, too many of them) and of a Redis that starts or is handed over. */
const PASSING =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOST\w+|ENET\w+|EAI_\w+|ENOTFOUND|57P0.|53300|08...|LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)$/

/**
 * Whether an error says that the server can't be reached just now, and not that it refuses what was asked. Only errors of
 * its driver do, by their codes: others may have any text, and codes of another server.
 */
export function isTransient(error: unknown): boolean {
  return error instanceof ConnectionError || PASSING.test(driverCode(error) ?? '')
}
