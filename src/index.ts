export {
  DeadlockError,
  ManagerClosedError,
  QueueFullError,
  TaskCancelledError,
  TaskGroupError,
  TaskNotFinishedError,
  TaskScopeError,
  TaskTimeoutError,
} from './errors.ts'
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
export type {
  TaskAttempt,
  TaskContext,
  TaskHandle,
  TaskProgress,
  TaskRecord,
  TaskStatus,
  WaitOptions,
  Work,
} from './task/types.ts'
