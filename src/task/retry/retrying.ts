import type { SpawnSettings } from '../spawn-settings.ts'
import { type StoppedTask, type StopRequest, stopError } from '../stop.ts'
import { type Again, judgeOf, type RetriedTask, type Verdict } from './retry.ts'

/** A task that may be late, and may be tried again. */
type TimedTask = StoppedTask &
  RetriedTask & { readonly settings: Pick<SpawnSettings, 'retry' | 'timeout' | 'deadline'> }

/** The request to stop an attempt that timed out, with what is to follow it. */
export function planRetry(task: TimedTask, request: StopRequest): StopRequest {
  const { retry } = task.settings
  if (retry === undefined) return request
  const error = stopError(task, request)
  const verdict = judgeOf(task, retry).judge(task.attempt, false, error, task.startedAt)
  const again = verdict instanceof Promise ? verdict.then(againIf) : againIf(verdict)
  // What ends a task that is supervised is not that one run of it was late.
  const ending = !(verdict instanceof Promise) && verdict.status === 'failed' ? (verdict.outcome as Error) : error
  return planned({ ...request, error: ending }, again)
}

/** The request, with what is to follow the attempt. */
export function planned({ again: _, ...request }: StopRequest, again: StopRequest['again']): StopRequest {
  return again === undefined ? request : { ...request, again }
}

function againIf(verdict: Verdict): Again | undefined {
  return verdict.status === 'pending' ? verdict : undefined
}
