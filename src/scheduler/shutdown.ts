import { now, startTimer, type Timer } from '../base/clock.ts'
import { ManagerClosedError } from '../base/errors.ts'
import { duration, type Known, knownOptions, oneOf } from '../base/options.ts'
import type { Waiter } from '../task/deadlock/wait.ts'
import { recordOf } from '../task/record.ts'
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
  readonly #reason: unknown
  readonly #neverStarted: Task[] = []
  /** Tasks that await this shutdown from inside: nobody may wait for them. */
  readonly #insiders = new Map<Waiter, (report: CloseReport) => void>()
  #deadline = Number.POSITIVE_INFINITY
  #timer: Timer | undefined
  #timeUp: () => void = () => {}

  constructor(scheduler: Scheduler, reason: unknown) {
    this.#scheduler = scheduler
    this.#reason = reason ?? new ManagerClosedError(`${scheduler.settings.name} was closed`)
    this.report = this.#run()
  }

  /** Joins a call to the shutdown; it can only make it sooner. */
  join({ timeout, pending }: CloseRequest): void {
    if (pending === 'cancel') this.#cancelPending()
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
    this.#cancelPending()
    void this.#scheduler.stopAll({ kind: 'cancel', reason: this.#reason })
    await this.#scheduler.whenIdle()
    const report = this.#write()
    this.#scheduler.closed()
    const { events } = this.#scheduler
    if (events.wants('closed')) events.emit('closed', { type: 'closed', report })
    return report
  }

  #cancelPending(): void {
    void this.#scheduler.stopPending({ kind: 'cancel', reason: this.#reason }, task => {
      if (task.attempt === 0) this.#neverStarted.push(task)
    })
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

export const CLOSE_OPTIONS: Known<CloseOptions> = { timeout: true, pending: true }

export function closeRequest(options: CloseOptions | undefined, closeTimeout: number): CloseRequest {
  const { timeout = closeTimeout, pending = 'run' } = knownOptions('options', options, CLOSE_OPTIONS) ?? {}
  return { timeout: duration('timeout', timeout), pending: oneOf('pending', ['run', 'cancel'], pending) }
}
