export type { Options, QueueAddOptions, TaskOptions } from './p-queue/options.ts'
export { PQueue as default } from './p-queue/p-queue.ts'
export { TimeoutError } from './p-queue/timeout-error.ts'
export type { EventMap, RunningTask } from './p-queue/types.ts'
