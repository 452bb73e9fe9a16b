import { captureContext, outsideContext } from '../base/platform.ts'
import { SortingHeap } from '../collections/sorting-heap.ts'
import { managerSettings } from '../scheduler/manager-settings.ts'
import { Supervisor } from '../scheduler/supervisor.ts'
import { AttemptContext } from '../task/context/context.ts'
import { currentTask } from '../task/current.ts'
import { Task } from '../task/task.ts'

let residents: readonly unknown[] | undefined

/**
 * Keeps one object of each class that every task needs, for ever. Whenever a full collection finds no object of a
 * class, V8 throws away the code that it has optimised for it: after each idle time the next tasks would run half as fast.
 *
 * They were never run and nobody hears of them.
 */
export function keepResidents(make: (supervisor: Supervisor) => unknown): void {
  if (residents !== undefined) return
  residents = []
  const settings = managerSettings(undefined)
  const supervisor = new Supervisor(settings)
  // Outside, since what a user keeps in an AsyncLocalStorage would stay as well.
  residents = outsideContext(() => {
    const task = new Task(supervisor.scheduler, 0, () => {}, settings.defaults, 0)
    const context = currentTask.run(task, captureContext)
    return [make(supervisor), task.handle, task.more(), new AttemptContext(task, 1), context, new SortingHeap()]
  })
}
