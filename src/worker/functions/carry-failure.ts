import { SerializationError } from '../../errors.ts'

/** What could not be carried, and whose it is. */
export interface CarryAttempt {
  /** All arguments of a call as an array, or its result. */
  readonly of: 'arguments' | 'result'
  /** The name of the function. */
  readonly name: string
  readonly to: 'thread' | 'process'
}

/**
 * The error for a value that `postMessage` or `send` refused with `cause`. Searches the value only now, so that what can
 * be carried pays nothing.
 */
export function carryFailure(_value: unknown, cause: unknown, { of, name, to }: CarryAttempt): SerializationError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new SerializationError(`the ${of} of ${name} can't be carried to another ${to}: ${reason}`, { cause })
}
