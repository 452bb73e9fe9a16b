import { startBackgroundTimer, type Timer } from '../base/clock.ts'
import type { TaskObserver } from '../scheduler/task-observer.ts'
import type { Task } from '../task/task.ts'
import type { TaskStatus } from '../task/types.ts'
import type { StoreWriter } from './durable/store-writer.ts'
import type { History } from './history.ts'
import type { Statistics } from './statistics.ts'

/** Keeps everything a runner knows of its tasks in step with them. */
export class RunnerObserver implements TaskObserver {
  /** Nothing will ever run again. */
  ended = false
  /** The ids of the tasks whose records could not be written before the close. */
  unwritten: readonly number[] = []
  /** Of a new task there is nothing to be known yet, but by the store. */
  readonly entered: TaskObserver['entered']
  readonly #history: History
  readonly #statistics: Statistics
  readonly #storeWriter: StoreWriter | undefined
  readonly #idleTimeout: number
  readonly #close: () => void
  #idleTimer: Timer | undefined
  readonly #finished = Promise.withResolvers<void>()

  /** `close` is called `idleTimeout` milliseconds after there was nothing more to do, whatever has come since. */
  constructor(
    history: History,
    statistics: Statistics,
    storeWriter: StoreWriter | undefined,
    idleTimeout: number,
    close: () => void,
  ) {
    this.entered = storeWriter?.add
    this.#history = history
    this.#statistics = statistics
    this.#storeWriter = storeWriter
    this.#idleTimeout = idleTimeout
    this.#close = close
  }

  /** Resolves when everything has ended and the store is closed. */
  get finished(): Promise<void> {
    return this.#finished.promise
  }

  moved(task: Task, from: TaskStatus, to: TaskStatus): void {
    this.#statistics.moved(task, from, to)
    // One that never had a place in the queue leaves nothing behind.
    if (task.extras?.acceptance?.line !== undefined) return
    if (task.ended) this.#history.add(task)
    this.#storeWriter?.changed(task)
  }

  progressed(task: Task): void {
    this.#storeWriter?.changed(task)
  }

  idle(): void {
    this.#idleTimer?.cancel()
    this.#idleTimer = startBackgroundTimer(this.#idleTimeout, this.#close)
  }

  closing(deadline: number): void {
    this.#storeWriter?.closeBy(deadline)
  }

  closed(): void {
    this.#idleTimer?.cancel()
    this.ended = true
    this.#finished.resolve(this.#closeStore())
  }

  async #closeStore(): Promise<void> {
    if (this.#storeWriter !== undefined) this.unwritten = await this.#storeWriter.close()
  }
}
