import { DeadlockError } from '../base/errors.ts'
import { AsyncLocalStorage } from '../base/platform.ts'
import { type Holder, meetHolders } from '../limits/acquire/holder.ts'
import type { Excess } from '../limits/acquire/permit-source.ts'
import { sharedState } from '../worker/shared-state.ts'
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
export const currentTask = new AsyncLocalStorage<CurrentTask>()

meetHolders({ current: () => currentTask.getStore(), deadlock: limitDeadlock })

/** The current task asks for so much of a limit that it would wait for its own end. */
function limitDeadlock({ key, asked, held, capacity }: Excess): DeadlockError {
  const limit = key === '' ? 'its limit' : `its limit ${JSON.stringify(key)}`
  return new DeadlockError(
    `${currentTask.getStore()?.label} asks for ${asked} of ${limit}, of which ${held} of ${capacity} were taken for itself, and would wait for its own end: use what was taken (task.permit), or spawn it with cost: 'none' and acquire all of it inside`,
  )
}

/** The call of which code is a part inside a worker, as far as it can be known there. */
export const currentCall = sharedState('current-task', () => new AsyncLocalStorage<TaskContext>())

/** What the code of this async context sees of the innermost task that it is a part of, here or in the call of a worker. */
export function surroundingTask(): TaskContext | undefined {
  return currentTask.getStore()?.context ?? currentCall.getStore()
}
