/** Calls listeners in a microtask of their own, in the order of the events: none runs in the middle of a change. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>()
  readonly #failed: (error: unknown) => void
  #queue: { readonly type: keyof Events; readonly event: unknown }[] = []

  constructor(failed: (error: unknown) => void) {
    this.#failed = failed
  }

  /** Whether anybody listens: events are not even made otherwise. */
  wants(type: keyof Events): boolean {
    return this.#listeners.size > 0 && this.#listeners.has(type)
  }

  on<T extends keyof Events>(type: T, listener: (event: Events[T]) => void): () => void {
    let listeners = this.#listeners.get(type)
    if (listeners === undefined) this.#listeners.set(type, (listeners = new Set()))
    const entry = (event: Events[T]) => listener(event)
    listeners.add(entry)
    return () => {
      listeners.delete(entry)
      if (listeners.size === 0 && this.#listeners.get(type) === listeners) this.#listeners.delete(type)
    }
  }

  emit<T extends keyof Events>(type: T, event: Events[T]): void {
    this.#queue.push({ type, event })
    if (this.#queue.length === 1) queueMicrotask(() => this.#flush())
  }

  #flush(): void {
    const queue = this.#queue
    this.#queue = []
    for (const { type, event } of queue) {
      for (const listener of [...(this.#listeners.get(type) ?? [])]) {
        try {
          listener(event as never)
        } catch (error) {
          this.#failed(error)
        }
      }
    }
  }
}
