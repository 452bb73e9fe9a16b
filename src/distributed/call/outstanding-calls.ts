import { now } from '../../base/clock.ts'
import type { QueuedCall } from './queued-call.ts'

/** How long nothing is heard until a call is looked at: events can get lost, where the server restarts or trims them. */
const SILENCE = { started: 5_000, waiting: 15_000 } as const

/** The calls of one process that wait for their jobs, by the ids of those: calls with one key share one. */
export class OutstandingCalls {
  readonly #jobs = new Map<string, Set<QueuedCall>>()

  /** How many jobs are waited for. */
  get size(): number {
    return this.#jobs.size
  }

  /** The call waits for this job now, and for no other. */
  listen(call: QueuedCall, jobId: string): void {
    this.forget(call)
    call.jobId = jobId
    const calls = this.#jobs.get(jobId)
    if (calls === undefined) this.#jobs.set(jobId, new Set([call]))
    else calls.add(call)
  }

  forget(call: QueuedCall): void {
    const calls = this.#jobs.get(call.jobId)
    calls?.delete(call)
    if (calls?.size === 0) this.#jobs.delete(call.jobId)
  }

  /** Those that wait for the same job as this call, itself included. */
  of(jobId: string): readonly QueuedCall[] {
    return [...(this.#jobs.get(jobId) ?? [])]
  }

  /** Tells each call that waits for a job what was heard of it. */
  each(jobId: string, tell: (call: QueuedCall) => void): void {
    for (const call of this.#jobs.get(jobId) ?? []) {
      call.heardAt = now()
      tell(call)
    }
  }

  /** One call of each job. */
  one(): QueuedCall[] {
    return [...this.#jobs.values()].map(([call]) => call as QueuedCall)
  }

  all(): QueuedCall[] {
    return [...this.#jobs.values()].flatMap(calls => [...calls])
  }

  /** Of at most so many jobs of which nothing was heard for long, one call each. */
  silent(most: number): QueuedCall[] {
    const silent: QueuedCall[] = []
    const at = now()
    for (const [call] of this.#jobs.values()) {
      if (silent.length === most) break
      if (call !== undefined && at - call.heardAt > SILENCE[call.started ? 'started' : 'waiting']) silent.push(call)
    }
    return silent
  }
}
