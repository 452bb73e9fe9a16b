import type { TaskObserver } from '../scheduler/task-observer.ts'
import type { Task } from '../task/task.ts'
import type { TaskStatus } from '../task/types.ts'
import type { History } from './history.ts'
import type { IdleTimer } from './idle-timer.ts'
import type { Statistics } from './statistics.ts'
import type { StoreWriter } from './store-writer.ts'

/** Keeps everything a runner knows of its tasks in step with them. */
export class RunnerObserver implements TaskObserver {
  readonly #history: History
  readonly #statistics: Statistics
  readonly #storeWriter: StoreWriter | undefined
  readonly #idleTimer: IdleTimer | undefined
  readonly #onClosed: () => void

  constructor(
    history: History,
    statistics: Statistics,
    storeWriter: StoreWriter | undefined,
    idleTimer: IdleTimer | undefined,
    onClosed: () => void,
  ) {
    this.#history = history
    this.#statistics = statistics
    this.#storeWriter = storeWriter
    this.#idleTimer = idleTimer
    this.#onClosed = onClosed
  }

  moved(task: Task, from: TaskStatus | undefined, to: TaskStatus): void {
    this.#statistics.moved(task, from, to)
    if (from === undefined) this.#idleTimer?.busy()
    // One that never had a place in the queue leaves nothing behind.
    if (task.extras?.acceptance?.line !== undefined) return
    if (task.ended) this.#history.add(task)
    this.#storeWriter?.changed(task)
  }

  progressed(task: Task): void {
    this.#storeWriter?.changed(task)
  }

  idle(): void {
    this.#idleTimer?.idle()
  }

  closing(deadline: number): void {
    this.#storeWriter?.closeBy(deadline)
  }

  closed(): void {
    this.#idleTimer?.busy()
    this.#onClosed()
  }
}
