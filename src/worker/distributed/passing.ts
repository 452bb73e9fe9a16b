import { ConnectionError } from './errors.ts'

/** Whether an error says that the server can't be reached just now, and not that it refuses what was asked. */
export function isPassing(error: unknown): boolean {
  const { code, message = '' } = Object(error) as { readonly code?: string; readonly message?: string }
  if (error instanceof ConnectionError) return true
  return /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|EAI_|57P0|53300|08)/.test(code ?? '') || PASSING.test(message)
}

const PASSING =
  /ECONNREFUSED|ECONNRESET|Connection is closed|Connection terminated|connection timeout|timeout exceeded when trying to connect|LOADING|READONLY|terminating connection|the database system is|not queryable/i
