export { WorkerCrashedError } from '../errors.ts'
export type {
  Progress,
  ProgressOptions,
  ProgressOutcome,
  ProgressReporter,
  ProgressRun,
  ProgressStream,
  RunProgress,
} from '../progress/types.ts'
export type { Configuration, Defaults } from './configuration.ts'
export { configure, withConfig } from './configure.ts'
export { currentTask } from './current-task.ts'
export type { ErrorClass } from './functions/error-classes.ts'
export { registerErrors } from './functions/error-classes.ts'
export { insideWorker } from './functions/nesting.ts'
export type { AnyFunction } from './functions/registry.ts'
export { transfer } from './functions/transfer.ts'
export type { HostOptions, MessagingWorker, WorkerIdentity, WorkerLimits } from './host/host.ts'
export type { LoadBalancing } from './pool/load-balancing.ts'
export type { PoolOptions, RecycleAfter } from './pool/pool-options.ts'
export type { TaskDecorator, TaskMethod } from './task.ts'
export { task } from './task.ts'
export type { TaskWorkerOptions } from './task-worker.ts'
export { TaskWorker } from './task-worker.ts'
export type {
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
} from './types.ts'
