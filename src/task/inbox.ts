/** The messages to one task that its work has not taken yet, in the order in which they were sent. */
export class Inbox {
  readonly #kept: unknown[] = []
  readonly #readers = new Set<() => void>()

  put(message: unknown): void {
    this.#kept.push(message)
    for (const wake of this.#readers) wake()
  }

  /** All there are, for somebody who has the work elsewhere. */
  takeAll(): unknown[] {
    return this.#kept.splice(0)
  }

  /** Each message once, whoever reads; ends when the signal is aborted. */
  async *read(signal: AbortSignal): AsyncGenerator<unknown, void, undefined> {
    while (!signal.aborted) {
      if (this.#kept.length > 0) yield this.#kept.shift()
      else await this.#next(signal)
    }
  }

  #next(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const wake = () => {
        this.#readers.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#readers.add(wake)
      signal.addEventListener('abort', wake)
    })
  }
}
