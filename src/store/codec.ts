import { SerializationError, StoreError } from '../base/errors.ts'
import { requireJson } from '../serialize/json.ts'
import type { TaskRecord, TaskRecordFields } from '../task/types.ts'
import { Budget, GENEROUS, SMALL } from './budget.ts'
import { type PlainRecord, plainRecord, revivedRecord } from './plain-record.ts'
import { reasonOf } from './store-error.ts'
import type { StoredTask } from './types.ts'

/** A task as it goes to the store, and what had to be left out of it. */
export interface EncodedTask {
  readonly task: StoredTask
  /** A `SerializationError` when JSON can't carry the result, and the record is stored without it. */
  readonly problem?: SerializationError
}

/**
 * A record, and the job that runs the task again, as a store keeps them. What was thrown comes back as errors of their
 * classes, texts and attempts within generous bounds; a result comes back as JSON brings it back: a `Date` is a string
 * then, a `Map` is empty.
 */
export function encodeTask(record: TaskRecordFields, job: string | undefined): EncodedTask {
  const budget = new Budget(GENEROUS)
  const plain = plainRecord(record, budget)
  const said = budget.exceeded ? { ...plain, shortened: LONG } : plain
  try {
    return { task: stored(said, job, withResult(JSON.stringify(said), record)) }
  } catch (cause) {
    const why = reasonOf(cause)
    const message = `the result of ${labelOf(record)} is not stored, JSON can't carry it (${why}): return plain data`
    return {
      task: stored(said, job, JSON.stringify({ ...said, resultLeftOut: why } satisfies PlainRecord)),
      problem: new SerializationError(message, { cause }),
    }
  }
}

const LONG = 'what was thrown, or how often, is more than a record holds'

/** What is left of a record that a store has refused: no result, little of what was thrown, and why. */
export function cutTask(record: TaskRecordFields, job: string | undefined, why: string): StoredTask {
  const plain = plainRecord(record, new Budget(SMALL))
  const cut = { ...plain, ...(record.result !== undefined && { resultLeftOut: why }), shortened: why }
  return stored(cut, job, JSON.stringify(cut satisfies PlainRecord))
}

function stored(plain: PlainRecord, job: string | undefined, record: string): StoredTask {
  const { id, name, type, status, createdAt, updatedAt, endedAt } = plain
  return {
    id,
    name,
    ...(type !== undefined && { type }),
    status,
    createdAt,
    updatedAt,
    ...(endedAt !== undefined && { endedAt }),
    record,
    ...(job !== undefined && endedAt === undefined && { job }),
  }
}

/** Put in as text, so that a large result is written once. */
function withResult(json: string, { result }: TaskRecordFields): string {
  if (result === undefined) return json
  requireJson(result)
  const carried = JSON.stringify(result) as string | undefined
  if (carried === undefined) throw new TypeError('its toJSON gave undefined, a function or a symbol')
  return `${json.slice(0, -1)},"result":${carried}}`
}

/** How messages call a task. */
export function labelOf({ id, name }: Pick<StoredTask, 'id' | 'name'>): string {
  return name === `task ${id}` ? name : `task ${id} "${name.slice(0, 100)}"`
}

/** The record again, frozen; throws `StoreError` when what the store holds is not one. */
export function decodeRecord({ id, record }: StoredTask): TaskRecord {
  try {
    return revivedRecord(JSON.parse(record))
  } catch (cause) {
    throw new StoreError(`what the store has as the record of task ${id} is none: remove that task from it`, { cause })
  }
}
