import type { AsyncLocalStorage } from '../base/platform.ts'
import { currentHolder, type Holder } from '../limits/acquire/limit-deadlock.ts'
import type { Waiter } from './deadlock/wait.ts'
import type { TaskContext } from './types.ts'

/** A task as the code sees it that it runs. */
export interface CurrentTask extends Waiter, Holder {
  /** Of the attempt that runs. */
  readonly context: TaskContext | undefined
}

/**
 * The task whose body is running in this async context, if any. It may have ended: code can outlive its task. One storage
 * for tasks and for limits, since to enter one is a good part of the price of a start.
 */
export const currentTask = currentHolder as AsyncLocalStorage<CurrentTask>
