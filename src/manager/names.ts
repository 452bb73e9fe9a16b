import type { ManagerEvents } from '../scheduler/types.ts'
import type { TaskStatus } from '../task/types.ts'

/** The events that one can listen to. */
export const EVENTS = [
  'submitted',
  'started',
  'progress',
  'retrying',
  'restarted',
  'stopping',
  'done',
  'failed',
  'cancelled',
  'abandoned',
  'stuck',
  'drained',
  'empty',
  'closed',
] as const satisfies readonly (keyof ManagerEvents)[]

/** The statuses of tasks that have not ended. */
export const LIVE = ['pending', 'running', 'stopping'] as const satisfies readonly TaskStatus[]

export type LiveStatus = (typeof LIVE)[number]
