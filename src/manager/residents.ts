import { captureContext, outsideContext } from '../base/platform.ts'
import { managerSettings } from '../scheduler/manager-settings.ts'
import { type OpenScope, Scheduler } from '../scheduler/scheduler.ts'
import { AttemptContext } from '../task/context/context.ts'
import { currentTask } from '../task/current.ts'
import { Task } from '../task/task.ts'

/**
 * One object of each class that every task needs, to be kept for ever. Whenever a full collection finds no object of a
 * class, V8 throws away the code that it has optimised for it: after each idle time the next tasks would run half as fast.
 *
 * They were never run and nobody hears of them.
 */
export function residents(openScope: OpenScope): readonly unknown[] {
  const settings = managerSettings(undefined)
  const scheduler = new Scheduler(settings, openScope)
  // Outside, since what a user keeps in an AsyncLocalStorage would stay as well.
  return outsideContext(() => {
    const task = new Task(scheduler, 0, () => {}, settings.defaults)
    const context = currentTask.run(task, captureContext)
    return [task.handle, task.more(), new AttemptContext(task, 1), context]
  })
}
