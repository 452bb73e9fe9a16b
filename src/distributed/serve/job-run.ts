import { TaskCancelledError, TaskTimeoutError } from '../../base/errors.ts'
import { propertyOf } from '../../base/thrown.ts'
import { AttemptContext } from '../../task/context/context.ts'
import type { TaskContext, TaskHandle, TaskProgress } from '../../task/types.ts'
import type { FunctionNotFoundError } from '../../worker/functions/function-from-module.ts'
import { type LimitRequest, OWN_PERMIT, RemoteLimits, RemotePermit } from '../../worker/messages/remote-limits.ts'
import type { Job } from '../bullmq/broker-connection.ts'
import { shownText } from '../protocol/kept-text.ts'
import { encodeProgress } from '../protocol/payload.ts'
import { failedReason, type JobData, MAX_WORDS } from '../protocol/protocol.ts'
import type { JobStream } from './job-stream.ts'

/** How the work of a job ended here. */
export type RunEnd =
  | { readonly kind: 'done'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly ending: 'threw' | 'timeout' | 'stopped' | 'abandoned'; readonly error: unknown }
  /** The worker closes, or its server is away: the job goes back to the queue. */
  | { readonly kind: 'unfinished' }
  /** This worker does not have its function: another one may. */
  | { readonly kind: 'missing'; readonly error: FunctionNotFoundError }
  /** It is no call, and nowhere will be. */
  | { readonly kind: 'refused'; readonly error: unknown }

/** Progress that waits to be told; older ones are left out beyond it. */
const MOST_PROGRESS = 100

/** One job while its function runs here, as a task of the worker's manager. */
export class JobRun {
  readonly jobId: string
  readonly data: JobData
  /** Of a function that gives a stream. */
  stream: JobStream | undefined
  readonly #job: Job
  readonly #ask: (what: unknown) => Promise<unknown>
  #handle: TaskHandle<unknown> | undefined
  #stopped: { readonly reason: unknown } | undefined
  #told: readonly TaskProgress[] = []
  #telling: Promise<void> | undefined

  constructor(job: Job, data: JobData, ask: (jobId: string, what: unknown) => Promise<unknown>) {
    this.#job = job
    this.jobId = job.id as string
    this.data = data
    this.#ask = what => ask(this.jobId, what)
  }

  /** The function is to see the task as its caller knows it. */
  introduce(context: TaskContext): void {
    const [id, attempt] = this.data.task
    const ask = (what: LimitRequest) => this.#askOfLimits(what)
    AttemptContext.introduce(context as AttemptContext, {
      id,
      attempt,
      ...(this.data.limited && {
        limits: new RemoteLimits(ask),
        permit: new RemotePermit(ask, OWN_PERMIT, this.data.member),
      }),
    })
  }

  /** The signal stays here: a call that is stopped gives up its requests. */
  #askOfLimits(what: LimitRequest): Promise<unknown> {
    if (!('options' in what) || what.options === undefined) return this.#ask(what)
    const { timeout, only } = what.options
    return this.#ask({ ...what, options: { timeout, only } })
  }

  /** Follows the task to its end, and has told all of its progress then. */
  async follow(handle: TaskHandle<unknown>): Promise<RunEnd> {
    this.#handle = handle
    // It was told while its function was still being looked for.
    if (this.#stopped !== undefined) void handle.cancel(this.#stopped.reason)
    const end = await this.#endOf(handle)
    while (this.#telling !== undefined) await this.#telling
    await this.stream?.end()
    const failure = this.stream?.failure
    return failure === undefined ? end : { kind: 'failed', ending: 'threw', ...failure }
  }

  async #endOf(handle: TaskHandle<unknown>): Promise<RunEnd> {
    try {
      return { kind: 'done', result: await handle }
    } catch (error) {
      const { status, abandoned } = handle.record()
      if (status === 'cancelled' && this.#stopped === undefined) return { kind: 'unfinished' }
      if (abandoned) return { kind: 'failed', ending: 'abandoned', error }
      if (status === 'cancelled') return { kind: 'failed', ending: 'stopped', error }
      const timedOut = error instanceof TaskTimeoutError && error.limit === this.data.timeout
      return { kind: 'failed', ending: timedOut ? 'timeout' : 'threw', error }
    }
  }

  /** Its caller wants it, or another worker has the job now. */
  stop(reason: unknown): void {
    this.#stopped ??= { reason }
    void this.#handle?.cancel(reason)
  }

  progressed(progress: TaskProgress): void {
    this.#told = [...this.#told, progress].slice(-MOST_PROGRESS)
    this.#telling ??= this.#tellProgress()
  }

  /** One after the other: the server would take them in any order. What can't be told is not worth failing for. */
  async #tellProgress(): Promise<void> {
    while (this.#told.length > 0) {
      const [next, ...rest] = this.#told
      this.#told = rest
      try {
        await this.#job.updateProgress(encodeProgress(next as TaskProgress, MAX_WORDS))
      } catch {}
    }
    this.#telling = undefined
  }

  /** A call that was cancelled before it came to this worker. */
  static cancelled(reason: unknown): RunEnd {
    const error = new TaskCancelledError('the call was cancelled before it started', { cause: reason })
    return { kind: 'failed', ending: 'stopped', error }
  }
}

/** For the engine, which runs a job as often as its options say, unless its failure has this name. */
export function refused(error: unknown): Error {
  return Object.assign(failed({ kind: 'failed', ending: 'threw', error }), { name: 'UnrecoverableError' })
}

/** For the engine, which keeps the message and shows the stack in its tools: a server that takes neither has no end of the job. */
export function failed(end: Extract<RunEnd, { kind: 'failed' }>): Error {
  const error = new Error(failedReason(end))
  const stack = propertyOf(end.error, 'stack')
  if (typeof stack === 'string') error.stack = shownText(stack)
  return error
}
