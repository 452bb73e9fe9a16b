import type { TaskObserver } from '../scheduler/task-observer.ts'
import type { Task } from '../task/task.ts'
import type { TaskStatus } from '../task/types.ts'
import type { History } from './history.ts'
import type { IdleTimer } from './idle-timer.ts'
import type { Meter } from './statistics.ts'
import type { Journal } from './store-writer.ts'

/** Keeps everything a runner knows of its tasks in step with them. */
export class Books implements TaskObserver {
  readonly #history: History
  readonly #meter: Meter
  readonly #journal: Journal | undefined
  readonly #idleTimer: IdleTimer | undefined
  readonly #onClosed: () => void

  constructor(
    history: History,
    meter: Meter,
    journal: Journal | undefined,
    idleTimer: IdleTimer | undefined,
    onClosed: () => void,
  ) {
    this.#history = history
    this.#meter = meter
    this.#journal = journal
    this.#idleTimer = idleTimer
    this.#onClosed = onClosed
  }

  moved(task: Task, from: TaskStatus | undefined, to: TaskStatus): void {
    this.#meter.moved(task, from, to)
    if (from === undefined) this.#idleTimer?.busy()
    // One that never had a place in the queue leaves nothing behind.
    if (task.extras?.entry?.placed === false) return
    if (task.ended) this.#history.add(task)
    this.#journal?.changed(task)
  }

  progressed(task: Task): void {
    this.#journal?.changed(task)
  }

  idle(): void {
    this.#idleTimer?.idle()
  }

  closing(deadline: number): void {
    this.#journal?.closeBy(deadline)
  }

  closed(): void {
    this.#idleTimer?.busy()
    this.#onClosed()
  }
}
