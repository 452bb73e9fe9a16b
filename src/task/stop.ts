import { attempt } from '../base/attempt.ts'
import { TaskCancelledError, TaskTimeoutError } from '../base/errors.ts'
import { messageOf, propertyOf } from '../base/thrown.ts'
import type { Again } from './retry/retry.ts'
import type { SpawnSettings } from './spawn-settings.ts'
import type { TaskAttempt, TaskStatus } from './types.ts'

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
  return attempt(() => answers(error, reason, LONGEST_CAUSE_CHAIN, new Set())) ?? false
}

/** `known`: those that are known to answer it, since several may share what caused them. */
function answers(error: unknown, reason: unknown, deepest: number, known: Set<unknown>): boolean {
  let candidate = error
  for (let depth = 0; depth < deepest; depth += 1) {
    if ((reason !== undefined && candidate === reason) || known.has(candidate)) return true
    if (CANCEL_NAMES.has(propertyOf(candidate, 'name')) || CANCEL_CODES.has(propertyOf(candidate, 'code'))) return true
    const parts = propertyOf(candidate, 'errors')
    if (Array.isArray(parts)) {
      // The first may well be the reason: what else there is must not be lost to it.
      const all = parts.length > 0 && parts.every(each => answers(each, reason, deepest - depth - 1, known))
      if (all) known.add(candidate)
      return all
    }
    candidate = propertyOf(candidate, 'cause')
    if (candidate === undefined) return false
  }
  return false
}

/** A reason as the message of an error mentions it. */
function because(reason: unknown): string {
  return reason === undefined ? '' : `: ${messageOf(reason)}`
}

/** A task that is stopped. */
export interface StoppedTask {
  readonly label: string
  readonly settings: Pick<SpawnSettings, 'timeout' | 'deadline'>
  readonly extras:
    | { readonly attempts: readonly TaskAttempt[]; readonly stopRequest: StopRequest | undefined }
    | undefined
}

/** The error of a task that was stopped for this. */
export function stopError({ label, settings, extras }: StoppedTask, { kind, reason }: StopRequest): Error {
  if (kind === 'cancel') {
    const message = `${label} was cancelled${because(reason)}`
    return reason === undefined ? new TaskCancelledError(message) : new TaskCancelledError(message, { cause: reason })
  }
  const limit = settings[kind]
  const last = extras?.attempts.at(-1)
  const message = `${label} ran past its ${kind} of ${limit} ms`
  return new TaskTimeoutError(message, limit, kind === 'deadline' && last !== undefined ? { cause: last.error } : {})
}

interface EndedTask {
  readonly status: TaskStatus
  readonly ended: boolean
  failure(): unknown
}

/**
 * What the signal of an attempt that is over is aborted with, if it is only read now. The task may have gone on or ended
 * since: its own error and outcome are none of that attempt's.
 */
export function pastReason(task: StoppedTask & EndedTask, attempt: number): unknown {
  const request = task.extras?.stopRequest
  if (task.ended && request !== undefined) {
    return request.reason ?? (task.status === 'cancelled' ? task.failure() : stopError(task, request))
  }
  return new TaskCancelledError(`attempt ${attempt} of ${task.label} is over`)
}

/** Where a task was spawned: its text is made only when it is read. */
export interface SpawnStack {
  readonly stack?: string
}

/** Remembers the stack of the caller, without the frames above and with `boundary`. */
export function captureSpawnStack(boundary: (...args: never[]) => unknown): SpawnStack {
  const captured: SpawnStack = {}
  Error.captureStackTrace(captured, boundary)
  return captured
}

/** Adds to the stack of an error where its task was spawned, if it is one whose stack can be written. */
export function addSpawnStack(error: unknown, label: string, { stack = '' }: SpawnStack): void {
  attempt(() => {
    const failed = error as Error
    if (typeof failed.stack !== 'string') return
    const frames = stack.slice(stack.indexOf('\n'))
    failed.stack = `${failed.stack}\n    spawned as ${label}:${frames}`
  })
}
