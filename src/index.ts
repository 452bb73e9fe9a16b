/**
 * Bounded, structured tasks: managers, runners, limits, and what waits for several handles.
 *
 * @module taskscope
 */

export {
  DeadlockError,
  DuplicateKeyError,
  ManagerClosedError,
  QueueFullError,
  RetryValidationError,
  ScopeEndedError,
  SerializationError,
  StoreError,
  TaskCancelledError,
  TaskGroupError,
  TaskInterruptedError,
  TaskNotFinishedError,
  TaskNotFoundError,
  TaskNotRerunnableError,
  TaskScopeError,
  TaskTimeoutError,
  TooManyRestartsError,
} from './base/errors.ts'
export type { WaitOptions } from './base/wait-timeout.ts'
export type { HashTaskOptions } from './builtin-tasks/hash-task.ts'
export { HashTask } from './builtin-tasks/hash-task.ts'
export type { SleepTaskOptions } from './builtin-tasks/sleep-task.ts'
export { SleepTask } from './builtin-tasks/sleep-task.ts'
export type { AsCompletedOptions, Completed } from './combinators/as-completed.ts'
export { asCompleted } from './combinators/as-completed.ts'
export type { Gathered, GatheredOrErrors, GatherOptions } from './combinators/gather.ts'
export { gather } from './combinators/gather.ts'
export type { RaceOptions } from './combinators/race.ts'
export { any, race } from './combinators/race.ts'
export type { Waited, WaitForOptions } from './combinators/wait.ts'
export { wait } from './combinators/wait.ts'
export { zip } from './combinators/zip.ts'
export type { AcquireOptions, Acquisition } from './limits/acquire/acquisition.ts'
export type { Permit } from './limits/acquire/permit-source.ts'
export type { PermittedWork } from './limits/acquire/permitted-work.ts'
export type { RoomEvent } from './limits/acquire/room-watch.ts'
export type { RateAlgorithm } from './limits/algorithms/limit-algorithm.ts'
export type { LimitPerKey } from './limits/per-key/per-key.ts'
export { perKey } from './limits/per-key/per-key.ts'
export type { PoolOrder } from './limits/pool.ts'
export { limitPool } from './limits/pool.ts'
export type { RateLimitOptions } from './limits/rate.ts'
export { callLimit, rateLimit } from './limits/rate.ts'
export type { ResourceLimitOptions } from './limits/resource.ts'
export { resourceLimit } from './limits/resource.ts'
export type { SemaphorePermit, UseOptions } from './limits/semaphore.ts'
export { Semaphore } from './limits/semaphore.ts'
export { limits } from './limits/set.ts'
export type {
  Acquirable,
  Amounts,
  ExternalLimit,
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
export type { Every, EveryOptions } from './manager/every.ts'
export type { MapFunction, MapOptions, MapResults, MapSettled } from './manager/map-options.ts'
export type { SuperviseOptions } from './manager/supervise.ts'
export { TaskManager } from './manager/task-manager.ts'
export type { Scoped, ScopeOptions, TaskScope } from './manager/task-scope.ts'
export { useTaskManager } from './manager/use-task-manager.ts'
export { metricsText } from './metrics/metrics-text.ts'
export type { MetricsSource, MetricsTarget } from './metrics/read-targets.ts'
export type { BaseTaskClass, TaskOptions } from './runner/base-task.ts'
export { BaseTask } from './runner/base-task.ts'
export { TaskRunner } from './runner/task-runner.ts'
export type {
  Distribution,
  EventsOptions,
  RecordQuery,
  Recovery,
  RetainOptions,
  RunnerCloseOptions,
  RunnerLogger,
  RunnerStats,
  SubmitOptions,
  SubmitPolicy,
  TaskEvents,
  TaskRunnerOptions,
} from './runner/types.ts'
export type { WaitsFor } from './scheduler/stuck/waits-for.ts'
export type {
  ClosedEvent,
  CloseOptions,
  CloseReport,
  DrainedEvent,
  EmptyEvent,
  Logger,
  ManagerEvents,
  ManagerStats,
  StuckEvent,
  TaskDefaults,
  TaskEvent,
  TaskManagerOptions,
  TaskStatusEvent,
} from './scheduler/types.ts'
export type {
  CommandAnswer,
  DamagedTask,
  Retention,
  StoreCommand,
  StoreContents,
  StoredQuery,
  StoredTask,
  TaskStore,
} from './store/types.ts'
export type { StreamOptions, StreamWork, TaskStream } from './streams/types.ts'
export type { KeyOptions } from './task/entry/entry-settings.ts'
export type { RestartOptions } from './task/retry/restarts.ts'
export type { Backoff, FailedAttempt, RetryOptions } from './task/retry/retry-options.ts'
export type { Carrier, RunTrace } from './task/run-trace.ts'
export type { SpawnOptions } from './task/spawn-settings.ts'
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
  Work,
} from './task/types.ts'
