import { RECORD_METHODS } from './record-json.ts'
import type { Task } from './task.ts'
import type { TaskAttempt, TaskRecord, TaskRecordFields } from './types.ts'

/** A frozen snapshot of a task as it is now. */
export function recordOf(task: Task): TaskRecord {
  const { id, name, status, priority, attempt, settings, extras } = task
  const { stopRequest, progress, cleanupError, abandoned = false } = extras ?? {}
  const { wallClock } = task.owner
  const epoch = task.ended ? wallClock.offsetAt(task.updatedAt) : wallClock.offset
  const cancelled = stopRequest?.kind === 'cancel' && stopRequest.reason !== undefined
  return Object.freeze({
    __proto__: RECORD_METHODS,
    id,
    name,
    ...(settings.type !== undefined && { type: settings.type }),
    status,
    priority,
    attempt,
    attempts: attemptsOf(task, epoch),
    createdAt: task.createdAt + epoch,
    ...(attempt > 0 && { startedAt: task.startedAt + epoch }),
    ...(task.ended && { endedAt: task.updatedAt + epoch }),
    updatedAt: task.updatedAt + epoch,
    ...(status === 'done' && { result: task.outcome }),
    ...(status === 'failed' && { error: task.outcome }),
    ...(cleanupError !== undefined && { cleanupError: cleanupError.error }),
    ...(cancelled && { cancelReason: stopRequest.reason }),
    abandoned,
    ...(progress !== undefined && { progress }),
  }) as TaskRecordFields as TaskRecord
}

function attemptsOf(task: Task, epoch: number): readonly TaskAttempt[] {
  const earlier = task.extras?.attempts ?? []
  const attempts = earlier.map(({ startedAt, endedAt = startedAt, error }) =>
    Object.freeze({ startedAt: startedAt + epoch, endedAt: endedAt + epoch, error }),
  )
  return Object.freeze(task.attempt > earlier.length ? [...attempts, latestAttempt(task, epoch)] : attempts)
}

function latestAttempt(task: Task, epoch: number): TaskAttempt {
  return Object.freeze({
    startedAt: task.attemptStartedAt + epoch,
    ...(task.ended && { endedAt: task.updatedAt + epoch }),
    ...(task.status === 'failed' && { error: task.outcome }),
  })
}
