import { type AsyncContext, captureContext, tracingChannel } from '../base/platform.ts'
import type { AttemptContext } from './context.ts'
import type { Task } from './task.ts'

/** What the subscribers of the tracing channel `taskscope:task` get: one object per attempt, from its start to its end. */
export interface RunTrace {
  readonly id: number
  readonly name: string
  readonly type: string | undefined
  readonly attempt: number
  /** What the attempt came to, once its work has stopped. */
  result?: unknown
  error?: unknown
}

const runs = tracingChannel<unknown, RunTrace>('taskscope:task')

/** The attempts that are traced, with the context in which the subscribers' stores are bound: none without subscribers. */
const traces = new WeakMap<AttemptContext, { readonly trace: RunTrace; readonly bound: AsyncContext }>()
let everTraced = false

/**
 * @internal Calls the work of an attempt. With subscribers `start` and `end` surround the call, with the stores that they bind
 * (`channel.start.bindStore`) in force, and the end of the attempt follows.
 */
export function callTraced(task: Task, context: AttemptContext): unknown {
  const work = task.work as NonNullable<typeof task.work>
  if (!runs.hasSubscribers) return work(context)
  const { id, name, settings } = task
  const trace: RunTrace = { id, name, type: settings.type, attempt: context.attempt }
  everTraced = true
  try {
    return runs.start.runStores(trace, () => {
      traces.set(context, { trace, bound: captureContext() })
      return work(context)
    })
  } finally {
    runs.end.publish(trace)
  }
}

/** @internal The context with the subscribers' stores, for what an attempt does after its first step. */
export function boundContext(context: AttemptContext): AsyncContext | undefined {
  return everTraced ? traces.get(context)?.bound : undefined
}

/** @internal The work of an attempt has stopped: `error` if it failed, then `asyncStart` and `asyncEnd`. */
export function traceEnd(context: AttemptContext, ok: boolean, value: unknown): void {
  const entry = everTraced ? traces.get(context) : undefined
  if (entry === undefined) return
  const { trace } = entry
  traces.delete(context)
  if (ok) trace.result = value
  else {
    trace.error = value
    runs.error.publish(trace)
  }
  runs.asyncStart.publish(trace)
  runs.asyncEnd.publish(trace)
}
