import { recordOf } from '../task/record.ts'
import type { Task } from '../task/task.ts'
import type { TaskRecord } from '../task/types.ts'
import type { Logger } from './types.ts'

/**
 * Takes the failures that nobody observed to `onError`, or else to the logger, once each. A moment late, so that a
 * handle awaited in the same breath counts as observed, and before `drain` returns.
 */
export class FailureReport {
  readonly #logger: Logger | false
  readonly #onError: ((error: unknown, record: TaskRecord) => void) | undefined
  #waiting: Task[] = []

  constructor(logger: Logger | false, onError: ((error: unknown, record: TaskRecord) => void) | undefined) {
    this.#logger = logger
    this.#onError = onError
  }

  /** A task failed: report it unless somebody looks at its handle. */
  failed(task: Task): void {
    if (task.observed) return
    this.#waiting.push(task)
    if (this.#waiting.length === 1) queueMicrotask(() => this.#flush())
  }

  #flush(): void {
    const tasks = this.#waiting
    this.#waiting = []
    for (const task of tasks) {
      if (!task.observed) this.tell(task, task.outcome, `${task.label} failed and nobody observed it`)
    }
  }

  /** An error about a task that no handle can carry. */
  tell(task: Task, error: unknown, message: string): void {
    if (this.#onError === undefined) return this.log(error, message)
    try {
      this.#onError(error, recordOf(task))
    } catch (thrown) {
      this.log(error, message)
      this.log(thrown, 'onError threw')
    }
  }

  /** A logger that throws changes nobody's outcome, and there is nowhere left to say so. */
  log(error: unknown, message: string): void {
    if (this.#logger === false) return
    try {
      this.#logger.error(error instanceof Error ? error : { error }, message)
    } catch {}
  }
}
