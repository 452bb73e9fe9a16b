import type { Acceptance } from '../task/acceptance.ts'

/** How a task is spawned that a runner keeps. */
export interface RestoredTask {
  /** Its id from an earlier life. */
  readonly id?: number | undefined
  /** Epoch milliseconds of its first submission. */
  readonly createdAt?: number | undefined
  /** Its way into the queue, which somebody opens; without one it is taken at once. */
  readonly acceptance?: Acceptance | undefined
}
