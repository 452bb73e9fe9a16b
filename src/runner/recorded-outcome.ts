import { TaskCancelledError } from '../errors.ts'
import type { TaskRecord } from '../task/types.ts'

/** How a task of an earlier process ended: its result, or a rejection with its failure. */
export async function recordedOutcome({ id, name, status, result, error, cancelReason }: TaskRecord): Promise<unknown> {
  if (status === 'done') return result
  if (status === 'failed') throw error
  const message = `task ${id} "${name}" was cancelled`
  throw new TaskCancelledError(message, cancelReason === undefined ? undefined : { cause: cancelReason })
}
