import type { Task } from './task.ts'

const OPEN = Promise.resolve()
const ignore = () => {}

/**
 * A task's way into the queue, where that is not open at once: there may be no room for it yet, or its record may have to
 * be durable first.
 */
export class Acceptance {
  /** Whether the task has a place in the queue, though it may not start yet. */
  placed = true
  /** Takes the task out of the line for such a place. */
  leave: (() => void) | undefined
  /** Has it stand elsewhere in that line, by what is changed meanwhile. */
  requeue: ((change: () => void) => void) | undefined
  #open = false
  #promise: Promise<void> | undefined
  #resolve: () => void = ignore
  #reject: (error: unknown) => void = ignore

  /** The queue takes the task now. */
  open(task: Task): void {
    this.#open = true
    this.#resolve()
    task.owner.enqueue(task)
  }

  /** The task has ended; if it never got in, that is why. */
  ended(task: Task): void {
    if (!this.#open && this.#promise !== undefined) this.#fail(task)
  }

  /** Whoever asked is told, and nobody else needs to be. */
  #fail(task: Task): void {
    task.observed = true
    this.#reject(task.failure())
  }

  /** See {@link TaskHandle.accepted}: made when it is first asked for, and never an unhandled rejection. */
  accepted(task: Task): Promise<void> {
    if (this.#open) return OPEN
    if (this.#promise === undefined) {
      this.#promise = new Promise((resolve, reject) => {
        this.#resolve = resolve
        this.#reject = reject
      })
      this.#promise.catch(ignore)
      if (task.ended) this.#fail(task)
    }
    return this.#promise
  }
}
