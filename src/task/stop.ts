import { TaskCancelledError } from '../errors.ts'
import { show } from '../options.ts'
import type { Again } from './retry.ts'

/** Why a task was told to stop. */
export interface StopRequest {
  readonly kind: 'cancel' | 'timeout' | 'deadline'
  /** As given to `cancel`. */
  readonly reason?: unknown
  /** The error of this stop, if the retry policy had to be asked about it. */
  readonly error?: Error
  /** After a timeout: when the next attempt is due. */
  readonly again?: Again
}

const LONGEST_CAUSE_CHAIN = 16

/**
 * Whether `error` is how work usually answers an abort: the reason itself, an `AbortError`, the cancel error of another
 * task that it awaited, or an error caused by one of these.
 * Anything else that work throws after it was told to stop is an error of its own.
 */
export function answersAbort(error: unknown, reason: unknown): boolean {
  let candidate = error
  for (let depth = 0; depth < LONGEST_CAUSE_CHAIN; depth += 1) {
    if (reason !== undefined && candidate === reason) return true
    if (!(candidate instanceof Error)) return false
    if (candidate.name === 'AbortError' || candidate instanceof TaskCancelledError) return true
    candidate = candidate.cause
  }
  return false
}

/** A reason as the message of an error mentions it. */
export function because(reason: unknown): string {
  if (reason === undefined) return ''
  return `: ${reason instanceof Error ? reason.message : typeof reason === 'string' ? reason : show(reason)}`
}
