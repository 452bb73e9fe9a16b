import { show } from '../base/options.ts'
import { isError, isReadable, messageOf } from '../base/thrown.ts'
import { guardedCall } from '../task/guarded-call.ts'
import type { SharedTask } from '../task/handled-task.ts'
import { recordOf } from '../task/record.ts'
import type { Task } from '../task/task.ts'
import type { TaskRecord } from '../task/types.ts'
import type { Logger } from './types.ts'

const LONGEST = 200

/** A task, or what one of several has of it. */
export type FailedTask = Task | (SharedTask & { readonly label: string })

/**
 * Takes the failures that nobody observed to `onError`, or else to the logger, once each. A moment late, so that a
 * handle awaited in the same breath counts as observed, and before `drain` returns.
 */
export class FailureReport {
  readonly #logger: Logger | false
  readonly #onError: ((error: unknown, record: TaskRecord) => void) | undefined
  readonly #culprits = new WeakSet<object>()
  #waiting: FailedTask[] = []

  constructor(logger: Logger | false, onError: ((error: unknown, record: TaskRecord) => void) | undefined) {
    this.#logger = logger
    this.#onError = onError
  }

  /** A task failed: report it unless its handle is looked at. */
  failed(task: FailedTask): void {
    if (task.observed) return
    this.#waiting.push(task)
    // Two microtasks: `await` calls the `then` of a handle in one of its own.
    if (this.#waiting.length === 1) queueMicrotask(() => queueMicrotask(() => this.#flush()))
  }

  #flush(): void {
    const tasks = this.#waiting
    this.#waiting = []
    for (const task of tasks) if (!task.observed) this.tell(task, task.outcome, unobserved(task))
  }

  /** An error about a task that no handle can carry. */
  tell(task: FailedTask, error: unknown, message: string): void {
    const onError = this.#onError
    if (onError === undefined) return this.log(error, message)
    guardedCall(
      () => onError(error, 'record' in task ? task.record() : recordOf(task)),
      thrown => {
        this.log(error, message)
        this.log(thrown, 'onError threw')
      },
    )
  }

  /** Logs the fault of one of the user's functions, the first time that it has one. */
  logOnce(culprit: object, error: unknown, message: string): void {
    if (this.#culprits.has(culprit)) return
    this.#culprits.add(culprit)
    this.log(error, message)
  }

  /** Not a failure, and not for `onError`. */
  warn(event: object, message: string): void {
    const logger = this.#logger
    if (logger === false) return
    guardedCall(
      () => logger.warn?.(event, message),
      () => {},
    )
  }

  /** A logger that throws changes nobody's outcome, and there is nowhere left to say so. */
  log(error: unknown, message: string): void {
    const logger = this.#logger
    if (logger === false) return
    guardedCall(
      () => logger.error(isError(error) ? error : { error }, message),
      // It may be the error that threw, when it was read.
      () =>
        isReadable(error) ||
        guardedCall(
          () => logger.error({ error: show(error) }, message),
          () => {},
        ),
    )
  }
}

/** With the error's own words: some logs show nothing else. */
function unobserved({ label, outcome }: FailedTask): string {
  const said = messageOf(outcome)
  return `${label} failed and nobody observed it: ${said.length > LONGEST ? `${said.slice(0, LONGEST)}…` : said}`
}
