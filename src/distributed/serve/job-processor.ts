import type { ConnectionReport } from '../../connection/connection-report.ts'
import { isTransient } from '../../connection/errors.ts'
import type { Supervisor } from '../../scheduler/supervisor.ts'
import { spawnSettings } from '../../task/spawn-settings.ts'
import type { TaskRecord } from '../../task/types.ts'
import type { PreparedCall } from '../../worker/engine/engine.ts'
import { FunctionNotFoundError } from '../../worker/functions/function-from-module.ts'
import type { BrokerConnection, Job } from '../bullmq/broker-connection.ts'
import { decode, decodeArguments, encode } from '../protocol/payload.ts'
import type { JobData } from '../protocol/protocol.ts'
import { jobDataOf } from '../protocol/received.ts'
import type { Control } from './control.ts'
import type { PreparedCalls } from './function-registry.ts'
import type { JobReturns } from './job-returns.ts'
import { failed, JobRun, type RunEnd, refused } from './job-run.ts'
import { JobStream } from './job-stream.ts'

/** What jobs are run with. */
export interface Workshop {
  readonly queue: string
  readonly maxBytes: number
  readonly supervisor: Supervisor
  readonly calls: PreparedCalls
  readonly server: BrokerConnection
  readonly control: Control
  readonly returns: JobReturns
  readonly report: ConnectionReport
}

/** Runs the jobs that come, and sends back those that can't end here. */
export class JobProcessor {
  readonly #with: Workshop
  readonly #runs = new Map<string, JobRun>()
  readonly #byTask = new Map<number, JobRun>()
  #closed = false
  #interrupted = 0

  constructor(workshop: Workshop) {
    this.#with = workshop
  }

  /** How many calls were stopped because this worker closes. */
  get interrupted(): number {
    return this.#interrupted
  }

  /** Takes no new job: those that come go back. */
  close(): void {
    this.#closed = true
    this.#with.returns.close()
  }

  /** Stops the call of a job; `false` when it is not here. */
  stop(jobId: string, reason: unknown): boolean {
    const run = this.#runs.get(jobId)
    run?.stop(reason)
    return run !== undefined
  }

  /** The reader of a stream has said how many items a run of a job may have sent. */
  credit(jobId: string, run: string, total: number): void {
    this.#runs.get(jobId)?.stream?.granted(run, total)
  }

  /** A task of the manager has said how far it is. */
  progressed({ id, progress }: TaskRecord): void {
    if (progress !== undefined) this.#byTask.get(id)?.progressed(progress)
  }

  /** Runs a job. What it returns or throws is what the engine writes down. */
  async process(job: Job, token: string | undefined): Promise<string> {
    const { report, returns } = this.#with
    report.back()
    const jobId = job.id as string
    if (this.#runs.has(jobId)) return returns.putOff(job, token)
    const end = await this.#run(job)
    if (end.kind === 'missing') return returns.passOn(job, token, end.error)
    if (end.kind === 'unfinished') return returns.giveBack(job, token)
    returns.useful()
    if (end.kind === 'done') return await this.#resultOf(job, end.result)
    throw end.kind === 'failed' ? failed(end) : refused(end.error)
  }

  async #run(job: Job): Promise<RunEnd> {
    if (this.#closed) return { kind: 'unfinished' }
    const { control } = this.#with
    try {
      const run = new JobRun(job, jobDataOf(job.data), (jobId, what) => control.ask(jobId, what))
      const before = control.cancelled(run.jobId)
      if (before !== undefined) return JobRun.cancelled(before.reason)
      this.#runs.set(run.jobId, run)
      try {
        return (await this.#cached(run)) ?? (await this.#runFunction(job, run))
      } finally {
        this.#runs.delete(run.jobId)
      }
    } catch (error) {
      return { kind: 'refused', error }
    }
  }

  async #cached({ data: { cache } }: JobRun): Promise<RunEnd | undefined> {
    if (cache === undefined) return undefined
    const { server, queue, maxBytes } = this.#with
    try {
      const cached = await server.cache.get(queue, cache[0])
      return cached === undefined ? undefined : { kind: 'done', result: decode(cached, maxBytes) }
    } catch (error) {
      if (isTransient(error)) return { kind: 'unfinished' }
      throw error
    }
  }

  async #runFunction(job: Job, run: JobRun): Promise<RunEnd> {
    const { args, name = job.name, timeout, origin } = run.data
    const { supervisor, maxBytes, returns } = this.#with
    const call = await this.#callOf(job.name)
    if (call instanceof FunctionNotFoundError) return { kind: 'missing', error: call }
    const values = decodeArguments(args, maxBytes)
    // The function may have come a moment after the job went back for it.
    if (this.#closed || returns.holds(run.jobId)) return { kind: 'unfinished' }
    const stream = run.data.stream && this.#streamOf(job, run)
    const work = (context: Parameters<JobRun['introduce']>[0]) => {
      run.introduce(context)
      return call(values, context, undefined, stream)
    }
    const settings = spawnSettings({
      ...(name !== '' && { name }),
      ...(timeout !== undefined && { timeout }),
    })
    const { handle } = supervisor.scheduler.spawn(work, { ...settings, origin })
    this.#byTask.set(handle.id, run)
    try {
      const end = await run.follow(handle)
      if (end.kind === 'unfinished') this.#interrupted += 1
      return end
    } finally {
      this.#byTask.delete(handle.id)
    }
  }

  #streamOf(job: Job, run: JobRun): JobStream {
    const { queue, maxBytes, server, control } = this.#with
    const { jobId } = run
    run.stream = new JobStream({
      queue,
      jobId,
      fn: job.name,
      maxBytes,
      items: server.items,
      tell: (event, fields) => control.tell(event, fields),
      stop: reason => run.stop(reason),
    })
    return run.stream
  }

  async #callOf(name: string): Promise<PreparedCall | FunctionNotFoundError> {
    const { calls } = this.#with
    try {
      return calls.known(name) ?? (await calls.prepare(name))
    } catch (error) {
      if (error instanceof FunctionNotFoundError) return error
      throw error
    }
  }

  async #resultOf(job: Job, result: unknown): Promise<string> {
    const { cache } = job.data as JobData
    const { server, queue, maxBytes, report } = this.#with
    try {
      const text = encode(result, { of: 'result', name: job.name }, maxBytes)
      if (cache !== undefined) {
        await server.cache.set(queue, cache[0], text, cache[1]).catch(error => report.trouble(error))
      }
      return text
    } catch (error) {
      throw failed({ kind: 'failed', ending: 'threw', error })
    }
  }
}
