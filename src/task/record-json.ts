import { attempt } from '../base/attempt.ts'
import { show } from '../base/options.ts'
import { isError, messageOf, propertyOf } from '../base/thrown.ts'
import type { TaskRecord, TaskRecordFields } from './types.ts'

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
