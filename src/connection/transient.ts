import { driverCode } from './driver-errors.ts'
import { ConnectionError } from './errors.ts'

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
