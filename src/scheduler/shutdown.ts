import { now, startTimer, type Timer } from '../base/clock.ts'
import { ManagerClosedError } from '../base/errors.ts'
import { duration, type Known, knownOptions, oneOf } from '../base/options.ts'
import { cancelTask } from '../task/cancel.ts'
import type { Waiter } from '../task/deadlock/wait.ts'
import { recordOf } from '../task/record.ts'
import type { StopRequest } from '../task/stop.ts'
import type { Task } from '../task/task.ts'
import type { Scheduler } from './scheduler.ts'
import type { CloseOptions, CloseReport } from './types.ts'

/** What one call of `close` asks for. */
export interface CloseRequest {
  readonly timeout: number
  readonly pending: 'run' | 'cancel'
}

/**
 * One shutdown, however many calls ask for it: the work may go on until the earliest deadline any of them gave, then
 * everything is cancelled at once, and what has not stopped within the cleanup time is reported as abandoned.
 */
export class Shutdown {
  readonly report: Promise<CloseReport>
  readonly #scheduler: Scheduler
  readonly #request: StopRequest
  readonly #neverStarted: Task[] = []
  readonly #stopping = (task: Task): void => {
    if (task.attempt === 0) this.#neverStarted.push(task)
  }
  /** Tasks that await this shutdown from inside: nobody may wait for them. */
  readonly #insiders = new Map<Waiter, (report: CloseReport) => void>()
  #deadline = Number.POSITIVE_INFINITY
  #timer: Timer | undefined
  #timeUp: () => void = () => {}

  constructor(scheduler: Scheduler, reason: unknown) {
    this.#scheduler = scheduler
    this.#request = {
      kind: 'cancel',
      reason: reason ?? new ManagerClosedError(`${scheduler.settings.name} was closed`),
    }
    this.report = this.#run()
  }

  /** Joins a call to the shutdown; it can only make it sooner. */
  join({ timeout, pending }: CloseRequest): void {
    if (pending === 'cancel') void stopPending(this.#scheduler, this.#request, this.#stopping)
    const deadline = now() + timeout
    if (deadline >= this.#deadline) return
    this.#deadline = deadline
    this.#timer?.cancel()
    this.#timer = startTimer(timeout, () => this.#timeUp())
    this.#scheduler.observer?.closing(deadline + this.#scheduler.cleanupTimeout)
  }

  /** The report for a task of this manager, which can't wait for its own end: what can be said once only such are left. */
  reportTo(insider: Waiter): Promise<CloseReport> {
    const left = new Promise<CloseReport>(resolve => this.#insiders.set(insider, resolve))
    this.released()
    return Promise.race([left, this.report])
  }

  async #run(): Promise<CloseReport> {
    const timeUp = new Promise<void>(resolve => {
      this.#timeUp = resolve
    })
    await Promise.race([this.#scheduler.whenIdle(), timeUp])
    this.#timer?.cancel()
    void stopAll(this.#scheduler, this.#request, this.#stopping)
    await this.#scheduler.whenIdle()
    const report = this.#write()
    this.#scheduler.closed()
    const { events } = this.#scheduler
    if (events.wants('closed')) events.emit('closed', { type: 'closed', report })
    return report
  }

  /** A task has ended, or its slot is free: perhaps only those are left that wait for this themselves. */
  released(): void {
    if (this.#insiders.size === 0) return
    for (const task of this.#scheduler.live) if (!this.#insiders.has(task)) return
    const insiders = [...this.#insiders.keys()]
    if (this.#scheduler.slotsTaken > insiders.filter(task => task.context !== undefined).length) return
    const report = this.#write()
    for (const resolve of this.#insiders.values()) resolve(report)
  }

  #write(): CloseReport {
    const { done, failed, cancelled } = this.#scheduler.counts
    return Object.freeze({
      done,
      failed,
      cancelled,
      neverStarted: Object.freeze(this.#neverStarted.toSorted((a, b) => a.id - b.id).map(recordOf)),
      abandoned: Object.freeze([...this.#scheduler.abandoned.values()].map(recordOf)),
    })
  }
}

/** Stops every task there is now: the pending ones first, so that none of them gets a slot that another gives up. */
export function stopAll(scheduler: Scheduler, request: StopRequest, stopping?: (task: Task) => void): Promise<unknown> {
  const others = scheduler.live.toArray().filter(task => task.status !== 'pending')
  const stopped = stopPending(scheduler, request, stopping)
  for (const task of others) task.stop(request)
  return stopped
}

/** Cancels every task there is now; resolves when their work has stopped. */
export async function cancelAll(scheduler: Scheduler, reason: unknown): Promise<void> {
  const stopping = scheduler.live.toArray()
  const stopped = stopAll(scheduler, { kind: 'cancel', reason })
  await Promise.all(stopping.filter(task => task.context !== undefined).map(task => cancelTask(task)))
  await stopped
}

/**
 * Stops every pending task there is now, `stopping` each, and counts them. Where they are very many, some only after a
 * turn of the event loop; until they all are, nothing starts: the place that one gives up in a line is not for the next.
 */
export function stopPending(
  scheduler: Scheduler,
  request: StopRequest,
  stopping?: (task: Task) => void,
): Promise<number> {
  const pending = scheduler.pendingInStopOrder()
  const stop = (task: Task) => {
    if (task.status === 'pending') stopping?.(task)
    task.stop(request)
  }
  return new Promise(resolve => scheduler.takeAll(pending.values(), stop, () => resolve(pending.length)))
}

export const CLOSE_OPTIONS: Known<CloseOptions> = { timeout: true, pending: true }

export function closeRequest(options: CloseOptions | undefined, closeTimeout: number): CloseRequest {
  const { timeout = closeTimeout, pending = 'run' } = knownOptions('options', options, CLOSE_OPTIONS) ?? {}
  return { timeout: duration('timeout', timeout), pending: oneOf('pending', ['run', 'cancel'], pending) }
}
