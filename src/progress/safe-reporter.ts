import { guardedCall } from '../base/guarded-call.ts'
import type { ProgressOutcome, ProgressReporter, ProgressRun, RunProgress } from './types.ts'

/**
 * A reporter whose errors change no outcome, thrown or as a rejected promise. The first is handed on; after it the
 * reporter hears of nothing but the end, to take away what it has drawn.
 */
export class SafeReporter implements ProgressReporter {
  readonly #reporter: ProgressReporter
  readonly #onError: (error: unknown) => void
  #failed = false

  constructor(reporter: ProgressReporter, onError: (error: unknown) => void) {
    this.#reporter = reporter
    this.#onError = onError
  }

  start(run: ProgressRun): void {
    guardedCall(() => this.#reporter.start(run), this.#fail)
  }

  update(progress: RunProgress): void {
    if (!this.#failed) guardedCall(() => this.#reporter.update(progress), this.#fail)
  }

  stop(outcome: ProgressOutcome): void {
    guardedCall(() => this.#reporter.stop(outcome), this.#fail)
  }

  readonly #fail = (error: unknown): void => {
    if (this.#failed) return
    this.#failed = true
    guardedCall(
      () => this.#onError(error),
      () => {},
    )
  }
}
