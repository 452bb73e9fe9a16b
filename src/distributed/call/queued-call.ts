import { TaskCancelledError } from '../../base/errors.ts'
import type { ItemSink } from '../../streams/credits.ts'
import type { TaskProgress } from '../../task/types.ts'
import { decode, decodeProgress } from '../protocol/payload.ts'
import { type Failure, failureOf, type JobData, MAX_WORDS } from '../protocol/protocol.ts'
import type { CallItems } from './call-items.ts'

/** One call as the queue gets it. */
export interface CallRequest {
  /** The name of the function. */
  readonly fn: string
  readonly data: JobData
  /** The higher the sooner. */
  readonly priority: number
  /** Epoch milliseconds before which no worker gets it. */
  readonly notBefore?: number
  /** Calls with the same key are one while it is in flight. */
  readonly key?: string
  /** What its result may take here. */
  readonly maxBytes: number
  readonly signal: AbortSignal
  /** A worker has it. */
  readonly onStart: () => void
  /** The worker that has it does not: it lacks the function, closes or has died, and another one gets the call. */
  readonly onReturn: () => void
  /** The job of another call computes the result of this one: what that has sent along. */
  readonly onJoined?: (origin: unknown) => void
  readonly onProgress: (progress: TaskProgress) => void
  /** Its worker has given up waiting for it to stop. */
  readonly onAbandoned: () => void
  /** Where its items go, if it gives a stream. */
  readonly sink?: ItemSink
  /** Answers what the function asks of this side while it runs. */
  readonly onRequest: (request: unknown) => Promise<unknown>
}

/** What became of a job, as the engine tells it. */
export type JobEnd = { readonly result: string } | { readonly failedReason: string } | { readonly removed: true }

/** One call that waits for its result. */
export class QueuedCall {
  readonly request: CallRequest
  readonly result: Promise<unknown>
  /** The job that computes it; that of another call where both have one key. */
  jobId = ''
  /** Resolves when its job has been added, or could not be. */
  added: Promise<void> = Promise.resolve()
  /** Of a call that gives a stream. */
  items: CallItems | undefined
  started = false
  settled = false
  /** When something was last heard of it. */
  heardAt: number
  readonly #resolve: (value: unknown) => void
  readonly #reject: (error: unknown) => void

  constructor(request: CallRequest, heardAt: number) {
    this.request = request
    this.heardAt = heardAt
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.result = promise
    this.#resolve = resolve
    this.#reject = reject
    // It may fail while it is still being added, when nobody waits for it yet.
    promise.catch(() => {})
  }

  start(): void {
    if (this.started) return
    this.started = true
    this.request.onStart()
  }

  returned(): void {
    if (!this.started || this.settled) return
    this.started = false
    this.request.onReturn()
  }

  /** What is no progress is left out: it has been written by hand, or by another library. */
  progress(progress: unknown): void {
    try {
      this.request.onProgress(decodeProgress(progress, MAX_WORDS) as TaskProgress)
    } catch {}
  }

  /** Settles the call; `false` when the job was stopped for another caller and this call needs another. */
  end(end: JobEnd): boolean {
    try {
      if ('result' in end) this.#succeed(decode(end.result, this.request.maxBytes))
      else if ('removed' in end) return this.#removed()
      else return this.#failed(failureOf(end.failedReason))
    } catch (error) {
      // What came back makes no sense here: another version of the library, or another library, has written it.
      this.fail(error)
    }
    return true
  }

  fail(error: unknown): void {
    this.settled = true
    this.#reject(error)
  }

  #succeed(value: unknown): void {
    this.settled = true
    this.#resolve(value)
  }

  #failed({ ending, error }: Failure): boolean {
    const { signal, key, onAbandoned } = this.request
    if (ending === 'threw') this.fail(error)
    else if (ending === 'stopped' && key !== undefined && !signal.aborted) return false
    else {
      if (ending === 'abandoned' && signal.aborted) onAbandoned()
      this.#stopped(error)
    }
    return true
  }

  /** Another caller of the same call removes the job, too, when it is told to stop. */
  #removed(): boolean {
    const { signal, key } = this.request
    if (key !== undefined && !signal.aborted) return false
    this.#stopped(new TaskCancelledError('the job was removed from its queue'))
    return true
  }

  /** Told to stop, it has stopped for the reason that it was told, whatever the worker calls that. */
  #stopped(error: unknown): void {
    const { signal } = this.request
    this.fail(signal.aborted ? signal.reason : error)
  }
}
