import { attempt } from '../base/attempt.ts'
import type { WallClock } from '../base/clock.ts'
import { show } from '../base/options.ts'
import { isError, messageOf, propertyOf } from '../base/thrown.ts'
import { notBefore } from './entry/entry-settings.ts'
import type { SpawnSettings } from './spawn-settings.ts'
import type { Extras } from './task-state.ts'
import type { TaskAttempt, TaskRecord, TaskRecordFields, TaskStatus } from './types.ts'

/** A task as records tell of it. */
export interface RecordedTask {
  readonly id: number
  readonly name: string
  readonly status: TaskStatus
  readonly ended: boolean
  readonly priority: number
  readonly attempt: number
  readonly attemptStartedAt: number
  readonly createdAt: number
  readonly startedAt: number
  readonly updatedAt: number
  readonly outcome: unknown
  readonly settings: Pick<SpawnSettings, 'type' | 'tags' | 'entry' | 'key' | 'job'>
  readonly owner: { readonly wallClock: WallClock }
  readonly extras:
    | Pick<
        Extras,
        'stopRequest' | 'progress' | 'cleanupError' | 'abandoned' | 'attempts' | 'attemptsDropped' | 'keyKeptFor'
      >
    | undefined
}

/** A frozen snapshot of a task as it is now. */
export function recordOf(task: RecordedTask): TaskRecord {
  return snapshotOf(task, true)
}

/** For a store, which keeps the payload beside the record. */
export function recordWithoutPayload(task: RecordedTask): TaskRecord {
  return snapshotOf(task, false)
}

function snapshotOf(task: RecordedTask, withPayload: boolean): TaskRecord {
  const { id, name, status, priority, attempt, settings, extras } = task
  const { stopRequest, progress, cleanupError, abandoned = false, keyKeptFor = 0 } = extras ?? {}
  const { wallClock } = task.owner
  const epoch = task.ended ? wallClock.offsetAt(task.updatedAt) : wallClock.offset
  const { type, tags, key, job } = settings
  const cancelled = stopRequest?.kind === 'cancel' && stopRequest.reason !== undefined
  return Object.freeze({
    __proto__: RECORD_METHODS,
    id,
    name,
    ...(type !== undefined && { type }),
    ...(tags !== undefined && { tags }),
    ...(key !== undefined && { key: key.key }),
    ...(task.ended && keyKeptFor > 0 && { keyUntil: task.updatedAt + epoch + keyKeptFor }),
    status,
    priority,
    attempt,
    attempts: attemptsOf(task, epoch),
    createdAt: task.createdAt + epoch,
    ...(settings.entry !== undefined && { notBefore: notBefore(settings.entry, task.createdAt + epoch) }),
    ...(attempt > 0 && { startedAt: task.startedAt + epoch }),
    ...(task.ended && { endedAt: task.updatedAt + epoch }),
    updatedAt: task.updatedAt + epoch,
    ...(status === 'done' && { result: task.outcome }),
    ...(status === 'failed' && { error: task.outcome }),
    ...(cleanupError !== undefined && { cleanupError: cleanupError.error }),
    ...(cancelled && { cancelReason: stopRequest.reason }),
    abandoned,
    ...(job?.rerunOf !== undefined && { rerunOf: job.rerunOf }),
    ...(job !== undefined && withPayload && { payload: job.payload }),
    ...(progress !== undefined && { progress }),
  }) as TaskRecordFields as TaskRecord
}

function attemptsOf(task: RecordedTask, epoch: number): readonly TaskAttempt[] {
  const earlier = task.extras?.attempts ?? []
  const attempts = earlier.map(({ startedAt, endedAt = startedAt, error }) =>
    Object.freeze({ startedAt: startedAt + epoch, endedAt: endedAt + epoch, error }),
  )
  const kept = earlier.length + (task.extras?.attemptsDropped ?? 0)
  return Object.freeze(task.attempt > kept ? [...attempts, latestAttempt(task, epoch)] : attempts)
}

function latestAttempt(task: RecordedTask, epoch: number): TaskAttempt {
  return Object.freeze({
    startedAt: task.attemptStartedAt + epoch,
    ...(task.ended && { endedAt: task.updatedAt + epoch }),
    ...(task.status === 'failed' && { error: task.outcome }),
  })
}

/** How far causes are followed. */
const DEEPEST = 8

/** What every record inherits: by itself JSON makes `{}` of an error. */
export const RECORD_METHODS = Object.freeze({
  toJSON(this: TaskRecordFields): TaskRecordFields {
    const { attempts, ...fields } = this
    const plain = attempts.map(each => ('error' in each ? { ...each, error: plainThrown(each.error) } : each))
    return { ...fields, attempts: plain, ...plainParts(this) }
  },
})

/** A record of these fields, frozen. */
export function recordWith(fields: TaskRecordFields): TaskRecord {
  return Object.freeze({ __proto__: RECORD_METHODS, ...fields }) as TaskRecordFields as TaskRecord
}

function plainParts(record: TaskRecordFields): Partial<TaskRecordFields> {
  const there = (['error', 'cleanupError', 'cancelReason'] as const).filter(part => part in record)
  return Object.fromEntries(there.map(part => [part, plainThrown(record[part])]))
}

/** Anything that was thrown, as something that JSON takes. Never throws. */
function plainThrown(thrown: unknown, depth = 0): unknown {
  if (!isError(thrown)) return plainValue(thrown)
  const [name, code, stack, cause, errors] = (['name', 'code', 'stack', 'cause', 'errors'] as const).map(key =>
    propertyOf(thrown, key),
  )
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: messageOf(thrown),
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(cause !== undefined && depth < DEEPEST && { cause: plainThrown(cause, depth + 1) }),
    ...(Array.isArray(errors) && depth < DEEPEST && { errors: errors.map(each => plainThrown(each, depth + 1)) }),
    ...(typeof stack === 'string' && { stack }),
  }
}

function plainValue(value: unknown): unknown {
  const json = attempt(() => JSON.stringify(value))
  return json === undefined ? show(value) : JSON.parse(json)
}
