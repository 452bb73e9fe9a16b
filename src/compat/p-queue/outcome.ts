import type { Timer } from '../../base/clock.ts'
import type { TaskHandle } from '../../task/types.ts'
import type { TaskOptions } from './options.ts'

/** The reason of a task that `clear` took out of the queue. */
export const CLEARED = Symbol('cleared')

/** What `add` rejects with when a task ran out of its time: a `DOMException` named `TimeoutError`. */
export class TimeoutError extends DOMException {
  constructor(message = 'Task timed out') {
    super(message, 'TimeoutError')
  }
}

/** What is added: it is told its signal. */
export type Fn<R> = (options: TaskOptions) => R | PromiseLike<R>

/** What it throws in the call is a rejection too, and what it returns a value, an operation too. */
export async function call<R>(fn: Fn<R>, options: TaskOptions): Promise<Awaited<R>> {
  return await fn(options)
}

/** What is known of one task beside its handle. */
export interface Told {
  /** Milliseconds it may run. */
  readonly timeout: number | undefined
  readonly signal: AbortSignal | undefined
  timer?: Timer
  /** Its error has been told as an event. */
  error?: true
}

/** What `add` rejects with: what ended the task, or what the task threw. */
export function failureOf(handle: TaskHandle<unknown>, error: unknown): unknown {
  const { status, cancelReason } = handle.record()
  if (status !== 'cancelled') return error
  return cancelReason === CLEARED ? new DOMException('The queue was cleared', 'AbortError') : cancelReason
}

/** A task that runs. Times are milliseconds, `startTime` since the epoch. */
export interface RunningTask {
  readonly id: string
  readonly priority: number
  readonly startTime: number
  readonly timeout: number | undefined
  readonly timeoutRemaining: number | undefined
}

export function runningTask(handle: TaskHandle<unknown>, timeout: number | undefined): RunningTask {
  const startTime = handle.record().startedAt as number
  const timeoutRemaining = timeout === undefined ? undefined : Math.max(0, startTime + timeout - Date.now())
  return { id: handle.name, priority: handle.priority, startTime, timeout, timeoutRemaining }
}
