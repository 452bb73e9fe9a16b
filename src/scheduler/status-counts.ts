import type { TaskStatus } from '../task/types.ts'

/**
 * How many tasks are in each status, or have ended in it. Fields and no computed keys, for speed: the engine looks such a
 * key up, twice or more for every task.
 */
export class StatusCounts implements Record<TaskStatus, number> {
  pending = 0
  running = 0
  stopping = 0
  done = 0
  failed = 0
  cancelled = 0

  moved(from: TaskStatus | undefined, to: TaskStatus): void {
    if (from !== undefined) this.#add(from, -1)
    this.#add(to, 1)
  }

  #add(status: TaskStatus, by: 1 | -1): void {
    switch (status) {
      case 'pending':
        this.pending += by
        break
      case 'running':
        this.running += by
        break
      case 'stopping':
        this.stopping += by
        break
      case 'done':
        this.done += by
        break
      case 'failed':
        this.failed += by
        break
      case 'cancelled':
        this.cancelled += by
    }
  }
}
