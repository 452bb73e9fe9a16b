import { SerializationError } from '../../base/errors.ts'

/** A worker does not have a function that a call names; another worker may. To callers it is a `SerializationError`. */
export class FunctionNotFoundError extends SerializationError {}
