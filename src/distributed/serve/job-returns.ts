import { now, startBackgroundTimer } from '../../base/clock.ts'
import type { BrokerConnection, Job, Queue } from '../bullmq/broker-connection.ts'
import { PRESENCE } from '../protocol/protocol.ts'
import { refused } from './job-run.ts'

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
    throw this.#to.server.wentBack()
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
      throw server.wentBack()
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
    throw this.#to.server.wasPutOff()
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

/** Milliseconds. */
const FIRST = 100
const LONGEST = 2_000

/** Milliseconds until the next try, after so many: twice as many each time, and never the same for two that wait. */
function pauseAfter(tries: number): number {
  return Math.min(FIRST * 2 ** tries, LONGEST) * (0.5 + Math.random() / 2)
}

/**
 * Places of a worker that stay taken for a while after their jobs went back: a worker that can't run what comes is done
 * with each job at once, and would draw most of a queue. The more of them in a row, the longer.
 */
class HeldPlaces {
  readonly #held = new Set<{ readonly jobId: string; readonly free: () => void }>()
  readonly #longest: number
  #inARow = 0
  #closed = false

  /** @param longest milliseconds */
  constructor(longest: number) {
    this.#longest = longest
  }

  /** Whether a place of this job is held. */
  has(jobId: string): boolean {
    return this.#held.values().some(place => place.jobId === jobId)
  }

  /** Resolves when the place is free again. */
  async hold(jobId: string): Promise<void> {
    if (this.#closed) return
    const { promise, resolve: free } = Promise.withResolvers<void>()
    const timer = startBackgroundTimer(Math.min(pauseAfter(this.#inARow), this.#longest), free)
    const place = { jobId, free }
    this.#inARow += 1
    this.#held.add(place)
    await promise
    timer.cancel()
    this.#held.delete(place)
  }

  /** A job came that this worker can run. */
  reset(): void {
    this.#inARow = 0
  }

  /** Nothing is held any more. */
  close(): void {
    this.#closed = true
    for (const { free } of this.#held) free()
  }
}

/** How many names are remembered, so that nothing a queue brings makes this grow for ever. */
const MOST = 10_000

/** Which functions the workers of a queue have: by their names, when a worker last said so. */
export class FunctionsElsewhere {
  readonly #saidAt = new Map<string, number>()

  heard(names: readonly string[]): void {
    for (const name of names) {
      // Anew, so that the oldest is the first.
      this.#saidAt.delete(name)
      this.#saidAt.set(name, now())
    }
    for (const oldest of this.#saidAt.keys()) {
      if (this.#saidAt.size <= MOST) break
      this.#saidAt.delete(oldest)
    }
  }

  /** A worker that goes may be back soon: its functions are its own for as long as if it had died. */
  has(name: string): boolean {
    const saidAt = this.#saidAt.get(name)
    return saidAt !== undefined && now() - saidAt < 3 * PRESENCE
  }
}
