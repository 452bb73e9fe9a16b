import { duration, oneOf, optionsObject } from '../options.ts'
import type { CloseRequest } from './shutdown.ts'
import type { CloseOptions } from './types.ts'

export function closeRequest(options: CloseOptions | undefined, closeTimeout: number): CloseRequest {
  const { timeout = closeTimeout, pending = 'run' } = optionsObject('options', options) ?? {}
  return { timeout: duration('timeout', timeout), pending: oneOf('pending', ['run', 'cancel'], pending) }
}
