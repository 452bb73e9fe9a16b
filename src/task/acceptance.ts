const OPEN = Promise.resolve()
const ignore = () => {}

/** A task that is to be accepted. */
interface Arriving {
  readonly ended: boolean
  observed: boolean
  readonly owner: { enqueue(task: Arriving): void }
  /** Its acceptance is there until it is open. */
  readonly extras: { acceptance: Acceptance | undefined } | undefined
  failure(): unknown
}

/** Where tasks stand that have no place in the queue. */
export interface SubmitLine {
  leave(task: Arriving): void
  /** Has it stand elsewhere, by what is changed meanwhile. */
  requeue(task: Arriving, change: () => void): void
}

/**
 * A task's way into the queue, where that is not open at once: there may be no room for it yet, or its record may have to
 * be durable first.
 */
export class Acceptance {
  #line: SubmitLine | undefined
  #promise: Promise<void> | undefined
  #resolve: () => void = ignore
  #reject: (error: unknown) => void = ignore

  /** In a `line` at first, or with a place in the queue, though it may not start yet. */
  constructor(line?: SubmitLine) {
    this.#line = line
  }

  /** Where the task stands as long as it has no place in the queue. */
  get line(): SubmitLine | undefined {
    return this.#line
  }

  /** It has its place, though it may not start yet. */
  place(): void {
    this.#line = undefined
  }

  /** The queue takes the task now. */
  open(task: Arriving): void {
    if (task.extras !== undefined) task.extras.acceptance = undefined
    this.#resolve()
    task.owner.enqueue(task)
  }

  /** The task has ended and never got in: that is why. */
  ended(task: Arriving): void {
    if (this.#promise !== undefined) this.#fail(task)
  }

  /** The caller who asked is told, and no other needs to be. */
  #fail(task: Arriving): void {
    task.observed = true
    this.#reject(task.failure())
  }

  /** See {@link TaskHandle.accepted}: made when it is first asked for, and never an unhandled rejection. */
  accepted(task: Arriving): Promise<void> {
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

/** See {@link TaskHandle.accepted}. */
export function accepted(task: Arriving): Promise<void> {
  return task.extras?.acceptance?.accepted(task) ?? OPEN
}

/** How a task is spawned that a runner keeps. */
export interface RestoredTask {
  /** Its id from an earlier life. */
  readonly id?: number | undefined
  /** Epoch milliseconds of its first submission. */
  readonly createdAt?: number | undefined
  /** Its way into the queue, which the runner opens; without one it is taken at once. */
  readonly acceptance?: Acceptance | undefined
}
