import { TaskCancelledError } from '../base/errors.ts'
import { capacity } from '../base/options.ts'
import { cancelTask } from '../task/cancel.ts'
import type { Watched } from './watched.ts'

/** What the page asks for. */
export interface Action {
  readonly action?: unknown
  readonly id?: unknown
  readonly value?: unknown
}

/** Does it, and answers once it is done: a cancel when the work has stopped. Throws for what can't be done. */
export async function act({ manager, scheduler }: Watched, { action, id, value }: Action): Promise<object> {
  switch (action) {
    case 'pause':
      manager.pause()
      return { paused: scheduler.paused }
    case 'resume':
      manager.resume()
      return { paused: scheduler.paused }
    case 'maxTasks':
      manager.maxTasks = capacity('maxTasks', value === 'Infinity' ? Number.POSITIVE_INFINITY : (value as number))
      return { maxTasks: String(manager.maxTasks) }
    case 'cancel': {
      const task = scheduler.find(id as number)
      if (task === undefined) return { cancelled: false }
      const cancelled = await cancelTask(task, new TaskCancelledError(`${task.label} was cancelled in the inspector`))
      return { cancelled, status: task.status, abandoned: task.extras?.abandoned === true }
    }
    default:
      throw new TypeError('action must be cancel, pause, resume or maxTasks')
  }
}
