import { TaskManager, type TaskManagerOptions } from '../../src/index.ts'
import { managerOn } from '../../src/manager/task-manager.ts'
import { managerSettings } from '../../src/scheduler/manager-settings.ts'
import type { Scheduler } from '../../src/scheduler/scheduler.ts'
import { Supervisor } from '../../src/scheduler/supervisor.ts'
import { autojump } from '../harness.ts'

/** Runs `body` in virtual time with a manager; gives the milliseconds it took. */
export async function within(
  options: TaskManagerOptions,
  body: (manager: TaskManager) => Promise<void>,
): Promise<number> {
  const { elapsed } = await autojump(async () => body(await TaskManager.start({ logger: false, ...options })))
  return elapsed
}

/** The same, for a look at what stands below the manager. */
export async function withinSupervised(
  options: TaskManagerOptions,
  body: (manager: TaskManager, scheduler: Scheduler) => Promise<void>,
): Promise<void> {
  await autojump(async () => {
    const supervisor = new Supervisor(managerSettings({ logger: false, ...options }))
    await body(managerOn(supervisor), supervisor.scheduler)
  })
}
