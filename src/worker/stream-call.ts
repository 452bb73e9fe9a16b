import type { Scheduler } from '../scheduler/scheduler.ts'
import { bufferSize, openStream, refuseRetryUntil } from '../streams/task-stream.ts'
import type { TaskStream } from '../streams/types.ts'
import type { SpawnSettings } from '../task/spawn-settings.ts'
import type { Task } from '../task/task.ts'
import type { PreparedCall } from './engine/engine.ts'
import type { CallOptions } from './types.ts'

/** Throws `TypeError` for options of calls that a stream can't have. */
export function checkStream({ key, cache, retry }: CallOptions): void {
  refuseRetryUntil(retry)
  if (key === undefined && cache === undefined) return
  throw new TypeError(
    `${key === undefined ? 'cache' : 'key'} is for calls with one result, which several callers can have: a stream has one reader`,
  )
}

/** The stream of a call whose task `spawn` makes. */
export function streamOf(
  scheduler: Scheduler,
  call: PreparedCall,
  options: CallOptions,
  settings: SpawnSettings,
  spawn: (call: PreparedCall, settings: SpawnSettings) => Task,
): TaskStream<unknown> {
  checkStream(options)
  return openStream(scheduler, bufferSize(options.buffer), settings, (channel, each) =>
    spawn((args, context, self) => call(args, context, self, channel.open()), each),
  )
}
