import type { SpawnSettings } from '../spawn-settings.ts'
import type { StopRequest } from '../stop.ts'
import { type StoppedTask, stopError } from '../stop.ts'
import type { Eventually } from './retry.ts'
import { type Again, type Blame, Retries, type Verdict } from './retry.ts'

/** A task that may be tried again. */
interface RetriedTask extends StoppedTask {
  readonly attempt: number
  readonly startedAt: number
  readonly settings: Pick<SpawnSettings, 'retry' | 'timeout' | 'deadline'>
  readonly owner: { blame: Blame }
  more(): { retries: Retries | undefined }
}

/** The retries of a task that has any. */
export function retriesOf(task: RetriedTask): Retries | undefined {
  const { retry } = task.settings
  if (retry === undefined) return undefined
  return (task.more().retries ??= new Retries(retry, task.label, (...fault) => task.owner.blame(...fault)))
}

/** What becomes of an attempt that has ended by itself. */
export function judge(task: RetriedTask, retries: Retries, ok: boolean, value: unknown): Eventually<Verdict> {
  return retries.judge(task.attempt, ok, value, task.startedAt)
}

/** The request to stop an attempt that timed out, with what is to follow it. */
export function planRetry(task: RetriedTask, request: StopRequest): StopRequest {
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
