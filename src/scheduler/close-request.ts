import { duration, type Known, knownOptions, oneOf } from '../base/options.ts'
import type { CloseRequest } from './shutdown.ts'
import type { CloseOptions } from './types.ts'

export const CLOSE_OPTIONS: Known<CloseOptions> = { timeout: true, pending: true }

export function closeRequest(options: CloseOptions | undefined, closeTimeout: number): CloseRequest {
  const { timeout = closeTimeout, pending = 'run' } = knownOptions('options', options, CLOSE_OPTIONS) ?? {}
  return { timeout: duration('timeout', timeout), pending: oneOf('pending', ['run', 'cancel'], pending) }
}
