import { named, TaskScopeError } from '../../errors.ts'

/** The server could not be reached in time, or refused this client; `cause` is what was said last. */
export class ConnectionError extends TaskScopeError {
  static {
    named(this, 'ConnectionError')
  }

  readonly code = 'ERR_CONNECTION'
}
