import { SerializationError, TaskCancelledError } from '../base/errors.ts'
import { labelOf } from '../store/codec.ts'
import type { TaskRecord } from '../task/types.ts'

/** How a task of an earlier process ended: its result, or a rejection with its failure. */
export async function recordedOutcome(record: TaskRecord): Promise<unknown> {
  const { status, result, resultLeftOut, error, cancelReason } = record
  if (status === 'failed') throw error
  if (status === 'done') {
    if (resultLeftOut === undefined) return result
    throw new SerializationError(`${labelOf(record)} is done, but its result could not be stored: ${resultLeftOut}`)
  }
  const message = `${labelOf(record)} was cancelled`
  throw new TaskCancelledError(message, cancelReason === undefined ? undefined : { cause: cancelReason })
}
