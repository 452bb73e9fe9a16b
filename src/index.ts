export type { Acquisition } from './admission/acquisition.ts'
export type { Permit } from './admission/permit.ts'
export type { PermittedWork } from './admission/permitted-work.ts'
export type { RoomEvent } from './admission/room-watch.ts'
export {
  DeadlockError,
  ManagerClosedError,
  QueueFullError,
  RetryValidationError,
  SerializationError,
  StoreError,
  TaskCancelledError,
  TaskGroupError,
  TaskInterruptedError,
  TaskNotFinishedError,
  TaskNotFoundError,
  TaskScopeError,
  TaskTimeoutError,
} from './errors.ts'
export type { AsCompletedOptions, Completed } from './handles/as-completed.ts'
export { asCompleted } from './handles/as-completed.ts'
export type { Gathered, GatheredOrErrors, GatherOptions } from './handles/gather.ts'
export { gather } from './handles/gather.ts'
export type { Waited, WaitForOptions } from './handles/wait.ts'
export { wait } from './handles/wait.ts'
export { callLimit } from './limits/call.ts'
export type { PoolOrder } from './limits/pool.ts'
export { limitPool } from './limits/pool.ts'
export type { RateAlgorithm, RateLimitOptions } from './limits/rate.ts'
export { rateLimit } from './limits/rate.ts'
export type { ResourceLimitOptions } from './limits/resource.ts'
export { resourceLimit } from './limits/resource.ts'
export { limits } from './limits/set.ts'
export type {
  Acquirable,
  Amounts,
  ForeignLimit,
  Limit,
  LimitAcquireOptions,
  LimitPermit,
  LimitPool,
  LimitSet,
  LimitStats,
  Limits,
  LimitsStats,
  LimitWaitOptions,
  Releasable,
  TryLimitOptions,
} from './limits/types.ts'
export { useTaskManager } from './manager/resource.ts'
export { TaskManager } from './manager/task-manager.ts'
export type {
  ClosedEvent,
  CloseOptions,
  CloseReport,
  DrainedEvent,
  EmptyEvent,
  Logger,
  ManagerEvents,
  ManagerStats,
  MapFunction,
  MapOptions,
  MapResults,
  MapSettled,
  SpawnOptions,
  TaskDefaults,
  TaskEvent,
  TaskManagerOptions,
  TaskStatusEvent,
} from './manager/types.ts'
export type { BaseTaskClass, TaskOptions } from './runner/base-task.ts'
export { BaseTask } from './runner/base-task.ts'
export { TaskRunner } from './runner/task-runner.ts'
export type {
  Distribution,
  EventsOptions,
  RecordQuery,
  Recovery,
  RunnerCloseOptions,
  RunnerLogger,
  RunnerStats,
  SubmitOptions,
  SubmitPolicy,
  TaskEvents,
  TaskRunnerOptions,
} from './runner/types.ts'
export type { AcquireOptions, SemaphorePermit, UseOptions } from './semaphore.ts'
export { Semaphore } from './semaphore.ts'
export type { DamagedTask, StoreContents, StoredTask, TaskStore } from './store/types.ts'
export type { Backoff, FailedAttempt } from './task/backoff.ts'
export type { RetryOptions } from './task/retry.ts'
export type { RunTrace } from './task/run-trace.ts'
export type {
  Outcome,
  TaskAttempt,
  TaskContext,
  TaskHandle,
  TaskLimitOptions,
  TaskLimits,
  TaskPermit,
  TaskProgress,
  TaskRecord,
  TaskRecordFields,
  TaskStatus,
  WaitOptions,
  Work,
} from './task/types.ts'
export type { HashTaskOptions } from './tasks/hash-task.ts'
export { HashTask } from './tasks/hash-task.ts'
export type { SleepTaskOptions } from './tasks/sleep-task.ts'
export { SleepTask } from './tasks/sleep-task.ts'
export { zip } from './zip.ts'
