import type { Job, Queue } from 'bullmq'
import type { BrokerConnection } from '../bullmq/broker-connection.ts'
import type { FunctionsElsewhere } from './functions-elsewhere.ts'
import { HeldPlaces } from './held-places.ts'
import { refused } from './job-run.ts'
import { pauseAfter } from './pause-after.ts'

/** How many times a job goes back for a function that no worker says it has, until it fails: some three seconds in all. */
const TRIES = 5
/** Milliseconds until a job comes anew that is still here. */
const AGAIN = 1_000
/** The longest that the place of a job is held, as a part of the time until its lock, which is gone, would be renewed. */
const HELD = 0.5

/** Where jobs go back to, and what tells whether that makes sense. */
export interface Return {
  readonly server: BrokerConnection
  readonly queue: Queue
  /** What the workers of the queue say that they have. */
  readonly functions: FunctionsElsewhere
  /** Milliseconds, as the engine knows it. */
  readonly lockDuration: number
}

/** Sends jobs back to their queue that have not ended here, for this worker or another one to take them later. */
export class JobReturns {
  readonly #to: Return
  readonly #held: HeldPlaces
  /** Ids: a worker that still waits for a job when it closes gets one that it has given back just now. */
  readonly #atClose = new Set<string>()
  #closed = false

  constructor(to: Return) {
    this.#to = to
    // The engine looks for locks to renew four times within one.
    this.#held = new HeldPlaces((to.lockDuration / 4) * HELD)
  }

  /** How many jobs went back because this worker closes. */
  get atClose(): number {
    return this.#atClose.size
  }

  /** The place of this job is still held here: it must not run in another one. */
  holds(jobId: string): boolean {
    return this.#held.has(jobId)
  }

  /**
   * The job is here anew while its work still stops, as it has lost its lock. The engine knows one lock of a job in a process:
   * it would forget the new one with the old, and the job be lost time and again.
   */
  async putOff(job: Job, token: string | undefined): Promise<never> {
    return this.#delay(job, token, AGAIN)
  }

  /** The worker closes, or can't go on with the job just now. */
  async giveBack(job: Job, token: string | undefined): Promise<never> {
    // Before and not after, as the job may run in another place of this worker then.
    await this.#held.hold(job.id as string)
    await this.#move(job, token)
    throw new this.#to.server.bull.WaitingError()
  }

  /**
   * This worker lacks the function of the job, as while one version of the workers replaces another. Where a worker says that
   * it has the function, that one can take the job now; else the job comes a few times more, and fails.
   */
  async passOn(job: Job, token: string | undefined, why: Error): Promise<never> {
    const { server, functions } = this.#to
    const tried = job.attemptsStarted
    if (functions.has(job.name)) {
      await this.#move(job, token)
      // After and not before, so that the job need not wait. Without it this worker would draw most of what the others wait for.
      await this.#held.hold(job.id as string)
      throw new server.bull.WaitingError()
    }
    if (tried > TRIES) throw refused(why)
    return this.#delay(job, token, pauseAfter(tried - 1))
  }

  /** Where that fails it goes back when its lock is over. */
  async #move(job: Job, token: string | undefined): Promise<void> {
    try {
      await this.#to.server.giveBack(this.#to.queue, job, token)
      if (this.#closed) this.#atClose.add(job.id as string)
    } catch {}
  }

  async #delay(job: Job, token: string | undefined, delay: number): Promise<never> {
    await job.moveToDelayed(Date.now() + Math.ceil(delay), token).catch(() => {})
    throw new this.#to.server.bull.DelayedError()
  }

  /** A job has come that this worker can run. */
  useful(): void {
    this.#held.reset()
  }

  /** The worker closes: jobs go back at once. */
  close(): void {
    this.#closed = true
    this.#held.close()
  }
}
