import type { Timer } from '../../clock.ts'
import type { HostCallOptions } from './host.ts'

/** One call that a worker has, seen from this side. It listens to its signal itself, which saves a closure a call. */
export class CallInWorker {
  readonly name: string
  readonly options: HostCallOptions
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  /** Runs from the abort until the worker is ended. */
  timer: Timer | undefined
  readonly #aborted: () => void

  constructor(
    name: string,
    options: HostCallOptions,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
    aborted: () => void,
  ) {
    this.name = name
    this.options = options
    this.resolve = resolve
    this.reject = reject
    this.#aborted = aborted
    options.signal.addEventListener('abort', this)
  }

  handleEvent(): void {
    this.#aborted()
  }

  /** The call has settled: nothing of it stays behind. */
  leave(): void {
    this.options.signal.removeEventListener('abort', this)
    this.timer?.cancel()
  }
}
