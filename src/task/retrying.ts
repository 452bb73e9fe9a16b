import { Retries } from './retry.ts'
import type { StopRequest } from './stop.ts'
import { stopError } from './stop-error.ts'
import type { Task } from './task.ts'

/** The retries of a task that has any. */
export function retriesOf(task: Task): Retries | undefined {
  const { retry } = task.settings
  return retry === undefined ? undefined : (task.more().retries ??= new Retries(retry, task.label))
}

/** The request to stop an attempt that timed out, with what is to follow it. */
export function planRetry(task: Task, request: StopRequest): StopRequest {
  const retries = retriesOf(task)
  if (retries === undefined) return request
  const error = stopError(task, request)
  const verdict = retries.judge(task.attempt, false, error)
  return verdict.status === 'pending' ? { ...request, error, again: verdict } : { ...request, error }
}
