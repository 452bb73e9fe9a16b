import { SerializationError, StoreError } from '../errors.ts'
import { show } from '../options.ts'
import { requireJson } from '../serialise/json.ts'
import type { TaskRecord } from '../task/types.ts'
import { type PlainRecord, plainRecord, revivedRecord } from './plain-record.ts'
import type { StoredTask } from './types.ts'

/** A task as it goes to the store, and what had to be left out of it. */
export interface EncodedTask {
  readonly task: StoredTask
  /** A `SerializationError` when JSON can't carry the result: the record is stored without it. */
  readonly problem?: unknown
}

/**
 * A record, and the job that runs the task again, as a store keeps them. What was thrown comes back as errors of their
 * classes; a result comes back as JSON brings it back: a `Date` is a string then, a `Map` is empty.
 */
export function encodeTask(record: TaskRecord, job: string | undefined): EncodedTask {
  const { id, name, type, status, createdAt, updatedAt, endedAt } = record
  const { json, problem } = encodeRecord(record)
  return {
    task: {
      id,
      name,
      ...(type !== undefined && { type }),
      status,
      createdAt,
      updatedAt,
      ...(endedAt !== undefined && { endedAt }),
      record: json,
      ...(job !== undefined && endedAt === undefined && { job }),
    },
    ...(problem !== undefined && { problem }),
  }
}

function encodeRecord(record: TaskRecord): { readonly json: string; readonly problem?: SerializationError } {
  const { id, name, result } = record
  const plain = plainRecord(record)
  try {
    requireJson(result)
    return { json: JSON.stringify({ ...plain, result } satisfies PlainRecord) }
  } catch (cause) {
    const resultLeftOut = firstLine(cause)
    const label = name === `task ${id}` ? name : `task ${id} "${name}"`
    const message = `the result of ${label} is not stored, JSON can't carry it (${resultLeftOut}): return plain data`
    return {
      json: JSON.stringify({ ...plain, resultLeftOut } satisfies PlainRecord),
      problem: new SerializationError(message, { cause }),
    }
  }
}

/** The way round a cycle is told in several. */
function firstLine(thrown: unknown): string {
  const { message } = Object(thrown) as { readonly message?: unknown }
  return typeof message === 'string' ? message.replace(/\n.*/s, '') : show(thrown)
}

/** The record again, frozen; throws `StoreError` when what the store holds is not one. */
export function decodeRecord({ id, record }: StoredTask): TaskRecord {
  try {
    return revivedRecord(JSON.parse(record))
  } catch (cause) {
    throw new StoreError(`what the store has as the record of task ${id} is none: remove that task from it`, { cause })
  }
}
