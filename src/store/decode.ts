import { StoreError } from '../base/errors.ts'
import { type PlainThrown, revivedThrown } from '../serialize/thrown.ts'
import { recordWith } from '../task/record.ts'
import type { TaskProgress, TaskRecord, TaskRecordFields } from '../task/types.ts'
import { type PlainProgress, type PlainRecord, partsOf } from './encode.ts'
import type { StoredTask } from './types.ts'

/** The record again, frozen, and what there is beside it; throws `StoreError` when what the store holds is not one. */
export function decodeRecord({ id, record }: StoredTask, more?: Partial<TaskRecordFields>): TaskRecord {
  try {
    return revivedRecord(JSON.parse(record), more)
  } catch (cause) {
    throw new StoreError(`what the store has as the record of task ${id} is none: remove that task from it`, { cause })
  }
}

/** The record again, frozen as it was, with more fields. */
function revivedRecord(record: PlainRecord, more?: Partial<TaskRecordFields>): TaskRecord {
  const { priority, attempts, progress, tags, ...rest } = record
  // Of a result that was `undefined` there is nothing, of one that was left out there is the reason.
  const undefinedResult = record.status === 'done' && !('result' in record) && record.resultLeftOut === undefined
  return recordWith({
    ...rest,
    ...(tags !== undefined && { tags: Object.freeze(tags) }),
    ...partsOf(record, revived),
    ...(undefinedResult && { result: undefined }),
    priority: Number(priority),
    attempts: Object.freeze(attempts.map(attempt => Object.freeze({ ...attempt, ...partsOf(attempt, revived) }))),
    ...(progress !== undefined && { progress: revivedProgress(progress) }),
    ...more,
  })
}

function revived(thrown: PlainThrown): unknown {
  return revivedThrown(thrown)
}

function revivedProgress({ completed, total, ...rest }: PlainProgress): TaskProgress {
  return Object.freeze({ ...rest, completed: Number(completed), ...(total !== undefined && { total: Number(total) }) })
}
