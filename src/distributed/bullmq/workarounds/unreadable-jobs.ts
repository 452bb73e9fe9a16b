import type { Job } from 'bullmq'

/** What of the engine's worker makes jobs of what a server keeps. */
export interface JobMaker {
  createJob(kept: Readonly<Record<string, unknown>>, jobId: string): Job
}

/**
 * Has a worker process jobs whose data is no JSON, without any: the engine would leave them to their locks, to fail as if
 * workers had died of them.
 *
 * Read in BullMQ 6.7.0, `classes/job.js`, line 174: `const data = JSON.parse(json.data || '{}');`. Delete when a job whose
 * data can't be parsed fails.
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
