import type { Timer } from '../../base/clock.ts'
import { plainThrown } from '../../serialize/thrown.ts'
import { unpackValue } from '../functions/carry.ts'
import { callable } from '../functions/outside-error.ts'
import type { HostCallOptions } from '../messages/host.ts'
import { type Link, postPacked } from '../messages/link.ts'
import type { ToWorker } from '../messages/protocol.ts'

/** One call that a worker has, seen from this side. It listens to its signal itself, which saves a closure a call. */
export class CallInWorker {
  readonly name: string
  readonly options: HostCallOptions
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  /** Runs from the abort until the worker is ended. */
  timer: Timer | undefined
  readonly #id: number
  readonly #link: Link
  readonly #aborted: () => void
  #left = false

  constructor(
    name: string,
    id: number,
    link: Link,
    options: HostCallOptions,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
    aborted: () => void,
  ) {
    this.name = name
    this.#id = id
    this.#link = link
    this.options = options
    this.resolve = resolve
    this.reject = reject
    this.#aborted = aborted
    options.signal.addEventListener('abort', this)
  }

  handleEvent(): void {
    this.#aborted()
  }

  /** Passes a message on to its function, in the form in which values cross. */
  send(message: unknown): void {
    if (!this.#left) this.#link.post(['message', this.#id, message])
  }

  /** Answers what the function asks of this side, with a refusal when the answer is an error or can't be carried. */
  async answer(request: number, what: unknown): Promise<void> {
    const link = this.#link
    try {
      const result = await this.options.onRequest(unpackValue(what))
      postPacked(
        link,
        result,
        { of: 'result', name: `a request of ${callable(this.name)}`, to: link.kind },
        (data): ToWorker => ['answer', request, data],
      )
    } catch (error) {
      link.post(['refusal', request, plainThrown(error, link.carry)])
    }
  }

  /** The call has settled: nothing of it stays behind. */
  leave(): void {
    this.#left = true
    this.options.signal.removeEventListener('abort', this)
    this.timer?.cancel()
  }
}
