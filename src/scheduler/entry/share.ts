import { now, startTimer, type Timer } from '../../base/clock.ts'
import { followSignal } from '../../base/follow-signal.ts'
import { accepted } from '../../task/acceptance.ts'
import { type Listeners, watch } from '../../task/cancel.ts'
import { TaskPromise } from '../../task/handle.ts'
import type { SharedTask } from '../../task/handled-task.ts'
import { recordOf, recordWith } from '../../task/record.ts'
import type { SpawnSettings } from '../../task/spawn-settings.ts'
import { type StopRequest, stopError } from '../../task/stop.ts'
import type { Task } from '../../task/task.ts'
import type { TaskRecord, TaskStatus } from '../../task/types.ts'

/** How a share has ended that was given up before the task had ended. */
interface GivenUp {
  readonly status: 'cancelled' | 'failed'
  readonly error: unknown
  readonly reason: unknown
  readonly at: number
}

/**
 * What one of several callers has of a task with a key: a handle with a signal, a deadline and a cancel of its own. It ends
 * with the task, or when it is given up before; the last that is given up has the task stopped, and ends with that.
 */
export class Share implements SharedTask, Listeners {
  readonly handle = new TaskPromise<unknown>(this)
  readonly #holders: Holders
  readonly #settings: SpawnSettings
  #givenUp: GivenUp | undefined
  #over = false
  #observed = false
  #accepted: Promise<void> | undefined
  #deadline: Timer | undefined
  #unlink: (() => void) | undefined
  watchers: Set<() => void> | undefined

  constructor(holders: Holders, settings: SpawnSettings) {
    this.#holders = holders
    this.#settings = settings
    this.#over = this.shared.ended
  }

  /** Arms what may end it before the task ends. */
  arm(): void {
    const { deadline, signal } = this.#settings
    if (this.#over) return
    if (deadline !== Number.POSITIVE_INFINITY)
      this.#deadline = startTimer(deadline, () => this.stop({ kind: 'deadline' }))
    if (signal === undefined) return
    try {
      const unlink = followSignal(signal, reason => this.stop({ kind: 'cancel', reason }))
      if (this.#over) unlink()
      else this.#unlink = unlink
    } catch (error) {
      this.#fail(error)
    }
  }

  get shared(): Task {
    return this.#holders.task
  }

  get status(): TaskStatus {
    return this.#givenUp?.status ?? this.shared.status
  }

  get ended(): boolean {
    return this.#givenUp !== undefined || this.shared.ended
  }

  get outcome(): unknown {
    return this.#givenUp === undefined ? this.shared.outcome : this.#givenUp.error
  }

  get label(): string {
    return this.shared.label
  }

  failure(): unknown {
    return this.#givenUp === undefined ? this.shared.failure() : this.#givenUp.error
  }

  /** A look at one handle of a task that has failed counts for all. */
  get observed(): boolean {
    return this.#observed
  }

  set observed(value: boolean) {
    this.#observed = value
    if (this.#givenUp === undefined && this.shared.ended) this.shared.observed = value
  }

  /** What goes on of it, so that a cancel knows whether there is anything to wait for. */
  get context(): object | undefined {
    return this.#givenUp === undefined ? this.shared.context : undefined
  }

  get extras(): Listeners {
    return this
  }

  more(): Listeners {
    return this
  }

  get stopWaiters(): (() => void)[] | undefined {
    return this.shared.extras?.stopWaiters
  }

  set stopWaiters(waiters: (() => void)[] | undefined) {
    this.shared.more().stopWaiters = waiters
  }

  accepted(): Promise<void> {
    if (this.shared.extras?.acceptance === undefined) return accepted(this.shared)
    if (this.#accepted === undefined) {
      this.#accepted = new Promise((resolve, reject) => {
        accepted(this.shared).then(resolve, reject)
        watch(this, () => this.#givenUp !== undefined && reject(this.failure()), true)
      })
      this.#accepted.catch(() => {})
    }
    return this.#accepted
  }

  record(): TaskRecord {
    const record = recordOf(this.shared)
    const givenUp = this.#givenUp
    if (givenUp === undefined) return record
    const { result: _, error: __, cancelReason: ___, keyUntil: ____, ...rest } = record
    const { status, error, reason } = givenUp
    const at = givenUp.at + this.shared.owner.wallClock.offset
    return recordWith({
      ...rest,
      status,
      endedAt: at,
      updatedAt: at,
      ...(status === 'failed' && { error }),
      ...(status === 'cancelled' && reason !== undefined && { cancelReason: reason }),
    })
  }

  stop(request: StopRequest): void {
    if (this.ended) return
    const { label, extras } = this.shared
    const error = stopError({ label, settings: this.#settings, extras }, request)
    // The error of a cancel is made when it is asked for; that of a deadline knows whose it was.
    if (this.#holders.isLast(this)) return this.shared.stop(request.kind === 'cancel' ? request : { ...request, error })
    this.#giveUp({ status: request.kind === 'cancel' ? 'cancelled' : 'failed', error, reason: request.reason })
  }

  #fail(error: unknown): void {
    const last = this.#holders.isLast(this)
    this.#giveUp({ status: 'failed', error, reason: undefined })
    if (last) this.shared.stop({ kind: 'cancel', reason: error })
  }

  #giveUp(how: Omit<GivenUp, 'at'>): void {
    this.#givenUp = { ...how, at: now() }
    this.#holders.left(this)
    this.#end()
  }

  /** The task has ended, and with it this one. */
  taskEnded(): void {
    if (this.#observed) this.shared.observed = true
    this.#end()
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#deadline?.cancel()
    this.#unlink?.()
    const { watchers } = this
    this.watchers = undefined
    if (watchers !== undefined) for (const tell of watchers) tell()
    TaskPromise.settle(this.handle)
  }
}

/** Takes the failures of shares that nobody looked at. */
export interface Report {
  failed(share: Share): void
}

/** Those who hold one task. */
export class Holders {
  readonly task: Task
  readonly #shares = new Set<Share>()
  readonly #report: Report
  /** The longest that any of them has asked for. */
  keepFor: number
  /** One holds it that has no handle. */
  unattended = false

  constructor(task: Task, keepFor: number, report: Report) {
    this.task = task
    this.keepFor = keepFor
    this.#report = report
  }

  hold(settings: SpawnSettings): Share {
    const share = new Share(this, settings)
    this.#shares.add(share)
    return share
  }

  join(settings: SpawnSettings, keepFor: number): Share {
    this.keepFor = Math.max(this.keepFor, keepFor)
    const share = this.hold(settings)
    share.arm()
    return share
  }

  /** The deadline and the signal of the first count from now. */
  arm(): void {
    for (const share of this.#shares) share.arm()
  }

  /** Whether nobody else holds the task. */
  isLast(share: Share): boolean {
    return !this.unattended && this.#shares.size === 1 && this.#shares.has(share)
  }

  /** A share was given up before the task has ended. */
  left(share: Share): void {
    this.#shares.delete(share)
    if (share.status === 'failed') this.#report.failed(share)
  }

  ended(): void {
    const shares = [...this.#shares]
    this.#shares.clear()
    for (const share of shares) share.taskEnded()
  }
}
