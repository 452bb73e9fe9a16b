import type { Job } from 'bullmq'

/** What of the engine's worker makes jobs of what a server keeps. */
export interface JobMaker {
  createJob(kept: Readonly<Record<string, unknown>>, jobId: string): Job
}

/**
 * Has a worker process jobs whose data is no JSON, without any: the engine would leave them to their locks, to fail as if
 * workers had died of them.
 */
export function takeUnreadable(worker: JobMaker): void {
  const create = worker.createJob.bind(worker)
  worker.createJob = (kept, jobId) => {
    try {
      return create(kept, jobId)
    } catch {
      return create({ ...kept, data: 'null' }, jobId)
    }
  }
}
