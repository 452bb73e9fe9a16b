import { managerOn, type TaskManager } from '../../manager/task-manager.ts'
import { managerSettings } from '../../scheduler/manager-settings.ts'
import { Supervisor } from '../../scheduler/supervisor.ts'
import type { TaskManagerOptions } from '../../scheduler/types.ts'

/** What a face stands on: a manager, and below it what starts a task in the very call. */
export interface Ground {
  readonly manager: TaskManager
  readonly supervisor: Supervisor
}

export function startGround(options: number | TaskManagerOptions): Ground {
  const supervisor = new Supervisor(managerSettings(options))
  return { manager: managerOn(supervisor), supervisor }
}
