import { messageOf, propertyOf } from '../base/thrown.ts'
import type { Again } from './retry/retry.ts'

/** Why a task was told to stop. */
export interface StopRequest {
  readonly kind: 'cancel' | 'timeout' | 'deadline'
  /** As given to `cancel`. */
  readonly reason?: unknown
  /** The error of this stop, if the retry policy had to be asked about it. */
  readonly error?: Error
  /** After a timeout: when the next attempt is due, or that this is not known yet. */
  readonly again?: Again | Promise<Again | undefined>
}

const LONGEST_CAUSE_CHAIN = 16

/** What cancel errors are called: by the web and Node, by axios, got and p-cancelable, bluebird, and by this library. */
const CANCEL_NAMES: ReadonlySet<unknown> = new Set([
  'AbortError',
  'CanceledError',
  'CancelledError',
  'CancelError',
  'CancellationError',
  'TaskCancelledError',
])
const CANCEL_CODES: ReadonlySet<unknown> = new Set(['ABORT_ERR', 'ERR_CANCELED', 'ERR_ABORTED', 'ERR_TASK_CANCELLED'])

/**
 * Whether `error` is how work answers an abort: the reason itself, a cancel error of whatever library or realm by its name
 * or its code, that of another task it awaited, or an error caused by one of these or made of nothing else.
 * Anything else that work throws after it was told to stop is an error of its own.
 */
export function answersAbort(error: unknown, reason: unknown): boolean {
  let candidate = error
  for (let depth = 0; depth < LONGEST_CAUSE_CHAIN; depth += 1) {
    if (reason !== undefined && candidate === reason) return true
    if (CANCEL_NAMES.has(propertyOf(candidate, 'name')) || CANCEL_CODES.has(propertyOf(candidate, 'code'))) return true
    candidate = propertyOf(candidate, 'cause')
    if (candidate === undefined) return false
  }
  return false
}

/** A reason as the message of an error mentions it. */
export function because(reason: unknown): string {
  return reason === undefined ? '' : `: ${messageOf(reason)}`
}
