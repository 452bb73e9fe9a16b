export {
  DeadlockError,
  ManagerClosedError,
  QueueFullError,
  RetryValidationError,
  TaskCancelledError,
  TaskGroupError,
  TaskNotFinishedError,
  TaskScopeError,
  TaskTimeoutError,
} from './errors.ts'
export { asCompleted } from './handles/as-completed.ts'
export type { Gathered, GatheredOrErrors, GatherOptions } from './handles/gather.ts'
export { gather } from './handles/gather.ts'
export type { WaitForOptions } from './handles/wait.ts'
export { wait } from './handles/wait.ts'
export { useTaskManager } from './manager/resource.ts'
export { TaskManager } from './manager/task-manager.ts'
export type {
  CloseOptions,
  CloseReport,
  Logger,
  ManagerEvents,
  ManagerStats,
  MapFunction,
  MapOptions,
  MapResults,
  SpawnOptions,
  TaskEvent,
  TaskManagerOptions,
} from './manager/types.ts'
export type { Backoff } from './task/backoff.ts'
export type { RetryOptions } from './task/retry.ts'
export type {
  Outcome,
  TaskAttempt,
  TaskContext,
  TaskHandle,
  TaskProgress,
  TaskRecord,
  TaskStatus,
  WaitOptions,
  Work,
} from './task/types.ts'
export { zip } from './zip.ts'
