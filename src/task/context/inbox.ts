/** The messages to one task that its work has not taken yet, in the order in which they were sent. */
export class Inbox {
  readonly #kept: unknown[] = []
  readonly #readers = new Set<() => void>()

  put(message: unknown): void {
    this.#kept.push(message)
    this.#wake()
  }

  /** All there are, for an engine that has the work elsewhere. */
  takeAll(): unknown[] {
    return this.#kept.splice(0)
  }

  /**
   * Each message once, to one of its readers; ends when the signal is aborted. No async generator, which awaits what it yields: a
   * promise or what can't be read is a message like any other. Nor would its `return` end a wait for the next one.
   */
  read(signal: AbortSignal): AsyncIterableIterator<unknown, undefined> {
    let left = false
    const reading: AsyncIterableIterator<unknown, undefined> = {
      next: async () => {
        while (!left && !signal.aborted) {
          if (this.#kept.length > 0) return { done: false, value: this.#kept.shift() }
          await this.#change(signal)
        }
        return { done: true, value: undefined }
      },
      return: async () => {
        left = true
        this.#wake()
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]: () => reading,
    }
    return reading
  }

  #wake(): void {
    for (const wake of this.#readers) wake()
  }

  #change(signal: AbortSignal): Promise<void> {
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
