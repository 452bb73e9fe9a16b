/**
 * One function in any mode: in the event loop, in threads, in processes, on other machines.
 *
 * @module taskscope/worker
 */

export { WorkerCrashedError } from './base/errors.ts'
export type {
  Progress,
  ProgressOptions,
  ProgressOutcome,
  ProgressReporter,
  ProgressRun,
  ProgressStream,
  RunProgress,
} from './progress/types.ts'
export type { Configuration, Defaults } from './worker/call.ts'
export { configure, withConfig } from './worker/configure.ts'
export { currentTask } from './worker/current-task.ts'
export type { ErrorClass } from './worker/functions/error-classes.ts'
export { registerErrors } from './worker/functions/error-classes.ts'
export { insideWorker } from './worker/functions/nesting.ts'
export type { AnyFunction } from './worker/functions/registry.ts'
export { transfer } from './worker/functions/transfer.ts'
export type { HostOptions, MessagingWorker, WorkerIdentity, WorkerLimits } from './worker/messages/host.ts'
export type { PoolOptions, RecycleAfter } from './worker/pool/pool-options.ts'
export type { LoadBalancing } from './worker/pool/pool-worker.ts'
export type { TaskDecorator, TaskMethod } from './worker/task.ts'
export { task } from './worker/task.ts'
export type { TaskWorkerOptions } from './worker/task-worker.ts'
export { TaskWorker } from './worker/task-worker.ts'
export type {
  Called,
  CallOptions,
  CollectOptions,
  Input,
  Inputs,
  OrHandle,
  OrHandles,
  SettleOptions,
  TaskCall,
  TaskFunction,
  WorkerMapOptions,
  WorkerMode,
  WorkerOptions,
  WorkerStats,
} from './worker/types.ts'
