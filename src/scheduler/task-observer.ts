import type { Task } from '../task/task.ts'
import type { TaskStatus } from '../task/types.ts'

/** Follows every task of a scheduler, synchronously: it must not throw, and must not start or stop anything. */
export interface TaskObserver {
  /** A new task, which is pending. */
  readonly entered?: ((task: Task) => void) | undefined
  /** After every change of status, with everything about the task up to date. */
  moved(task: Task, from: TaskStatus, to: TaskStatus): void
  progressed(task: Task): void
  /** Nothing is pending or running any more. */
  idle(): void
  /** Everything will have ended by this moment, of the monotonic clock. Told again when that is to be sooner. */
  closing(deadline: number): void
  /** Nothing will ever run again. */
  closed(): void
}

/** Who has the say over a scheduler. */
export interface Supervision {
  /** What cancels all tasks that are spawned from now on, if anything has. */
  readonly failure: { readonly error: unknown } | undefined
  /** A task has failed; nothing else has started since. */
  failed(task: Task): void
  /** A task has ended, or its slot is free; told once closing has begun. */
  released(): void
  /** Nothing will run any more. */
  closed(): void
}
