import { History } from '../runner/history.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import type { TaskObserver } from '../scheduler/task-observer.ts'
import type { Task } from '../task/task.ts'
import type { TaskStatus } from '../task/types.ts'

/** How many ended tasks are kept. */
const KEPT = 10_000

/** Keeps the tasks of a scheduler that have ended, as long as there is an inspector: the tasks alone, no records. */
export class EndedTasks implements TaskObserver {
  static readonly #open = new WeakMap<Scheduler, EndedTasks>()

  readonly history = new History(KEPT)
  readonly #before: TaskObserver | undefined
  #users = 0

  private constructor(before: TaskObserver | undefined) {
    this.#before = before
  }

  /** Those of a scheduler, the same for all inspectors; `close` once when they are no longer needed. */
  static of(scheduler: Scheduler): { readonly history: History; readonly close: () => void } {
    let tasks = EndedTasks.#open.get(scheduler)
    if (tasks === undefined) {
      tasks = new EndedTasks(scheduler.observer)
      EndedTasks.#open.set(scheduler, tasks)
      scheduler.observer = tasks
    }
    const kept = tasks
    kept.#users += 1
    const close = () => {
      kept.#users -= 1
      if (kept.#users > 0) return
      EndedTasks.#open.delete(scheduler)
      // Where another observer has come since, that one passes on to this one, which then keeps nothing.
      if (scheduler.observer === kept) scheduler.observer = kept.#before
    }
    return { history: kept.history, close }
  }

  entered(task: Task): void {
    this.#before?.entered?.(task)
  }

  moved(task: Task, from: TaskStatus, to: TaskStatus): void {
    if (task.ended && this.#users > 0) this.history.add(task)
    this.#before?.moved(task, from, to)
  }

  progressed(task: Task): void {
    this.#before?.progressed(task)
  }

  idle(): void {
    this.#before?.idle()
  }

  closing(deadline: number): void {
    this.#before?.closing(deadline)
  }

  closed(): void {
    this.#before?.closed()
  }
}
