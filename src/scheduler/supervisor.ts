import { createScope } from 'effection'
import { DeadlockError } from '../base/errors.ts'
import { followSignal } from '../base/follow-signal.ts'
import type { WaitLimit } from '../base/wait-timeout.ts'
import type { Task } from '../task/task.ts'
import { callerWithin } from './deadlock.ts'
import { FailFast } from './fail-fast.ts'
import type { ManagerSettings } from './manager-settings.ts'
import { type OpenScope, Scheduler } from './scheduler.ts'
import { type CloseRequest, Shutdown } from './shutdown.ts'
import { StuckWatch } from './stuck/stuck-watch.ts'
import type { Supervision, TaskObserver } from './task-observer.ts'
import type { CloseReport } from './types.ts'
import { untilIdle } from './waiters.ts'

/** What may be said of a supervisor beside its settings. */
export interface Surroundings {
  /** Where its operations run; by default below effection's global scope, where a failing task touches nobody else. */
  readonly openScope?: OpenScope
  readonly observer?: TaskObserver
}

/**
 * A scheduler from its start to its end: what a manager, a runner, a worker and a worker machine stand on. It says what
 * failures of tasks lead to, waits until all have ended, and closes.
 */
export class Supervisor implements Supervision {
  readonly scheduler: Scheduler
  readonly #failFast: FailFast | undefined
  #shutdown: Shutdown | undefined
  readonly #unfollow: (() => void) | undefined

  /** Throws the reason of the signal in the settings if that is already aborted. */
  constructor(settings: ManagerSettings, { openScope = isolatedScope, observer }: Surroundings = {}) {
    const { signal } = settings
    signal?.throwIfAborted()
    this.scheduler = new Scheduler(settings, openScope, this, observer)
    if (settings.stuckAfter < Number.POSITIVE_INFINITY) new StuckWatch(this.scheduler, settings.stuckAfter)
    this.#failFast = settings.failFast ? new FailFast(this.scheduler) : undefined
    if (signal === undefined) return
    this.#unfollow = followSignal(signal, reason => this.#shutDown({ timeout: 0, pending: 'cancel' }, reason))
  }

  get isClosed(): boolean {
    return this.#shutdown !== undefined
  }

  get failure(): { readonly error: unknown } | undefined {
    return this.#failFast?.failure
  }

  /** See {@link TaskManager.drain}. */
  async drain(limit: WaitLimit): Promise<void> {
    const within = callerWithin(this.scheduler)
    const inside = within === undefined ? undefined : await within
    if (inside !== undefined) {
      throw new DeadlockError(`${inside.label} drains the manager it runs in, which waits for it to end`)
    }
    await untilIdle(this.scheduler, limit)
    this.#throwFailure()
  }

  /** See {@link TaskManager.close}. */
  close(request: CloseRequest): Promise<CloseReport> {
    return this.#reportOf(this.#shutDown(request), () => this.#failFast?.surrender())
  }

  /** Closes; rejects if `failFast` has stopped it and no {@link drain} has said so. */
  async dispose(request: CloseRequest): Promise<void> {
    await this.#reportOf(this.#shutDown(request))
    this.#throwFailure()
  }

  failed(task: Task): void {
    if (this.#failFast === undefined) this.scheduler.report.failed(task)
    else this.#failFast.failed(task)
  }

  released(): void {
    this.#shutdown?.released()
  }

  closed(): void {
    this.#unfollow?.()
  }

  #throwFailure(): void {
    const error = this.#failFast?.take()
    if (error !== undefined) throw error
  }

  #shutDown(request: CloseRequest, reason?: unknown): Shutdown {
    if (this.#shutdown === undefined) {
      this.#shutdown = new Shutdown(this.scheduler, reason)
      this.scheduler.beginClosing()
    }
    this.#shutdown.join(request)
    this.scheduler.paused = false
    return this.#shutdown
  }

  async #reportOf(shutdown: Shutdown, ended = () => {}): Promise<CloseReport> {
    const inside = callerWithin(this.scheduler)
    const insider = inside === undefined ? undefined : await inside
    return insider === undefined ? shutdown.report.finally(ended) : shutdown.reportTo(insider)
  }
}

/** Its result only looks like an array. */
function isolatedScope(): ReturnType<OpenScope> {
  const [scope, destroy] = createScope()
  return [scope, destroy]
}
