export type { Options, QueueAddOptions, TaskOptions } from './p-queue/options.ts'
export { type RunningTask, TimeoutError } from './p-queue/outcome.ts'
export { PQueue as default } from './p-queue/p-queue.ts'
export type { EventMap } from './p-queue/queue-events.ts'
