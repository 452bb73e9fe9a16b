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
    try {
      this.#returned(this.#reporter.start(run))
    } catch (error) {
      this.#fail(error)
    }
  }

  update(progress: RunProgress): void {
    if (this.#failed) return
    try {
      this.#returned(this.#reporter.update(progress))
    } catch (error) {
      this.#fail(error)
    }
  }

  stop(outcome: ProgressOutcome): void {
    try {
      this.#returned(this.#reporter.stop(outcome))
    } catch (error) {
      this.#fail(error)
    }
  }

  /** A method that returns nothing may well be async. */
  #returned(value: unknown): void {
    if (value instanceof Promise) value.catch(this.#fail)
  }

  readonly #fail = (error: unknown): void => {
    if (this.#failed) return
    this.#failed = true
    try {
      this.#onError(error)
    } catch {}
  }
}
