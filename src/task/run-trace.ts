import { attempt } from '../base/attempt.ts'
import { type AsyncContext, captureContext, tracingChannel } from '../base/platform.ts'
import type { TaskHandle } from './types.ts'

/** What goes with a call to another thread, process or machine, such as a `traceparent`, by the names of headers. */
export type Carrier = Readonly<Record<string, string>>

/** What the subscribers of the tracing channel `taskscope:task` get: one object per attempt, from its start to its end. */
export interface RunTrace {
  readonly id: number
  readonly name: string
  readonly type: string | undefined
  readonly attempt: number
  /** The name of its manager; not inside of a thread or process. */
  readonly manager?: string
  /** The task, always the same object; not inside of a thread or process, where it is only called. */
  readonly handle?: TaskHandle<unknown>
  /** What the caller's side has sent along, if the call came from another thread, process or machine. */
  readonly origin?: Carrier | undefined
  /** May be set by a subscriber of `start`: calls the work, within a context of the subscriber's own. */
  within?: (work: () => void) => void
  /** May be set by a subscriber of `start`: what to send along when the attempt goes elsewhere. */
  carry?: () => Carrier
  /**
   * May be set by a subscriber of `start`: told when the work has joined that of another task, on a machine elsewhere, which is
   * where this `origin` was sent along.
   */
  joined?: (origin: Carrier) => void
  /** What the attempt came to, once its work has stopped. */
  result?: unknown
  error?: unknown
}

/** @internal Looked at for every attempt, so not behind a function. */
export const runs = tracingChannel<unknown, RunTrace>('taskscope:task')

/** The attempts that are traced, with the context in which the subscribers' stores are bound: none without subscribers. */
const traces = new WeakMap<object, { readonly trace: RunTrace; readonly bound: AsyncContext }>()
/** @internal Whether there ever was an attempt that is traced: to be asked before what looks for its trace. */
export let everTraced = false

/**
 * @internal Calls the work of an attempt that is traced: `start` and `end` surround the call, with the stores that they bind
 * (`channel.start.bindStore`) and what they have put around it in force, and the end of the attempt follows.
 */
export function callTraced<T>(context: object, trace: RunTrace, work: () => T): T {
  everTraced = true
  try {
    return runs.start.runStores(trace, () =>
      surrounded(trace.within, () => {
        traces.set(context, { trace, bound: captureContext() })
        return work()
      }),
    )
  } finally {
    runs.end.publish(trace)
  }
}

/** Whatever is around it, the work is called once, and its outcome is its own. */
function surrounded<T>(within: RunTrace['within'], work: () => T): T {
  if (within === undefined) return work()
  let outcome: { readonly value: T } | { readonly error: unknown } | undefined
  const once = () => {
    if (outcome !== undefined) return
    outcome = { error: undefined }
    try {
      outcome = { value: work() }
    } catch (error) {
      outcome = { error }
    }
  }
  attempt(() => within(once))
  once()
  const ended = outcome as unknown as { readonly value: T } | { readonly error: unknown }
  if ('error' in ended) throw ended.error
  return ended.value
}

/** @internal The context with the subscribers' stores, for what an attempt does after its first step. */
export function boundContext(context: object): AsyncContext | undefined {
  return everTraced ? traces.get(context)?.bound : undefined
}

/** What every way takes as it is. */
const HEADER = /^[\x20-\x7e]{1,8192}$/

/** @internal What is to be sent along with what an attempt does elsewhere. */
export function carrierOf(context: object): Carrier | undefined {
  const trace = traces.get(context)?.trace
  if (trace?.carry === undefined) return undefined
  const carried = attempt(() => Object.entries(trace.carry?.() as Carrier).filter(([, text]) => HEADER.test(text)))
  return carried === undefined || carried.length === 0 ? undefined : Object.fromEntries(carried)
}

/** @internal The work of an attempt has joined that of another, whose caller has sent this along. */
export function traceJoin(context: object, origin: unknown): void {
  const trace = everTraced ? traces.get(context)?.trace : undefined
  if (isCarrier(origin)) attempt(() => trace?.joined?.(origin))
}

/** @internal Whether something that has arrived can be what was sent along. */
export function isCarrier(arrived: unknown): arrived is Carrier {
  if (arrived === null || typeof arrived !== 'object' || Array.isArray(arrived)) return false
  return Object.values(arrived).every(text => typeof text === 'string')
}

/** @internal The work of an attempt has stopped: `error` if it failed, then `asyncStart` and `asyncEnd`. */
export function traceEnd(context: object, ok: boolean, value: unknown): void {
  const entry = traces.get(context)
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
