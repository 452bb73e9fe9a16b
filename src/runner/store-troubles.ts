import { StoreError } from '../base/errors.ts'
import { reasonOf } from '../store/store-error.ts'
import type { Task } from '../task/task.ts'

/** So many ids are told of records that were not written. */
const TOLD = 20

/** What a store writer tells of its failures: they change nobody's outcome. */
export interface Troubles {
  /** The store failed; told once until it works again. */
  failed(error: StoreError): void
  /** The record of a task lacks something, or could not be kept at all. */
  incomplete(task: Task, problem: Error): void
}

/** What there is to say of a record that a store refused while it took others. */
export function refusalOf(label: string, refusal: StoreError, kept: boolean): StoreError {
  const became = kept ? 'is kept cut, since the store refused it' : 'could not be kept, the store refuses it'
  return new StoreError(`the record of ${label} ${became}: ${reasonOf(refusal)}`, { cause: refusal })
}

/** What there is to say of what a runner could not write before it was closed. */
export function unwrittenError(ids: readonly number[], failing: StoreError | undefined): StoreError {
  const some = `${ids.slice(0, TOLD).join(', ')}${ids.length > TOLD ? ', …' : ''}`
  const what = ids.length === 1 ? `the record of 1 task (${some})` : `the records of ${ids.length} tasks (${some})`
  const cause = failing ?? new StoreError('the store did not answer in time')
  return new StoreError(`${what} could not be kept: the store still has what was written before`, { cause })
}
