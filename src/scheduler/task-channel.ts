import { channel } from '../base/platform.ts'
import type { Tap } from './events.ts'
import type { TaskEvent } from './types.ts'

const tasks = channel('taskscope:task')

/** Publishes the events of one manager, with its name, on the diagnostics channel `taskscope:task`. */
export function taskChannel(manager: string): Tap<TaskEvent> {
  return {
    get wanted() {
      return tasks.hasSubscribers
    },
    take: event => tasks.publish({ ...event, manager }),
  }
}
