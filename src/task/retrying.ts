import type { Eventually } from './retry/retry.ts'
import { type Again, Retries, type Verdict } from './retry/retry.ts'
import type { StopRequest } from './stop.ts'
import { stopError } from './stop-error.ts'
import type { Task } from './task.ts'

/** The retries of a task that has any. */
export function retriesOf(task: Task): Retries | undefined {
  const { retry } = task.settings
  if (retry === undefined) return undefined
  return (task.more().retries ??= new Retries(retry, task.label, (...fault) => task.owner.blame(...fault)))
}

/** What becomes of an attempt that has ended by itself. */
export function judge(task: Task, retries: Retries, ok: boolean, value: unknown): Eventually<Verdict> {
  return retries.judge(task.attempt, ok, value, task.startedAt)
}

/** The request to stop an attempt that timed out, with what is to follow it. */
export function planRetry(task: Task, request: StopRequest): StopRequest {
  const retries = retriesOf(task)
  if (retries === undefined) return request
  const error = stopError(task, request)
  const verdict = judge(task, retries, false, error)
  const again = verdict instanceof Promise ? verdict.then(againIf) : againIf(verdict)
  return planned({ ...request, error }, again)
}

/** The request, with what is to follow the attempt. */
export function planned({ again: _, ...request }: StopRequest, again: StopRequest['again']): StopRequest {
  return again === undefined ? request : { ...request, again }
}

function againIf(verdict: Verdict): Again | undefined {
  return verdict.status === 'pending' ? verdict : undefined
}
