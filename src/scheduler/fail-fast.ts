import { TaskGroupError } from '../base/errors.ts'
import type { Task } from '../task/task.ts'
import type { Scheduler } from './scheduler.ts'
import { stopAll } from './shutdown.ts'

/** The `failFast` side of a manager: the first failure cancels the rest, and the error waits until it is taken. */
export class FailFast {
  readonly #scheduler: Scheduler
  #failures: Task[] = []
  #surrendered = false

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  /** The reason for which the rest was cancelled, while nobody has taken the error. */
  get failure(): { readonly error: unknown } | undefined {
    const first = this.#failures[0]
    return first === undefined ? undefined : { error: first.outcome }
  }

  failed(task: Task): void {
    this.#failures.push(task)
    if (this.#failures.length > 1) return
    void stopAll(this.#scheduler, { kind: 'cancel', reason: task.outcome })
  }

  /** The error to throw, once: after that the manager works on as if nothing had failed. */
  take(): TaskGroupError | undefined {
    const failures = this.#failures
    this.#failures = []
    const [first] = failures
    if (first === undefined) return undefined
    const errors = failures.map(task => task.outcome)
    const others = errors.length > 1 ? ` and ${errors.length - 1} more` : ''
    return new TaskGroupError(
      `${first.label}${others} failed in ${this.#scheduler.settings.name}, the rest was cancelled`,
      errors,
    )
  }

  /** Nobody will take the error any more: report each failure that nobody observed, once. */
  surrender(): void {
    if (this.#surrendered) return
    this.#surrendered = true
    for (const task of this.#failures) this.#scheduler.report.failed(task)
  }
}
