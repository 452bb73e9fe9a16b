import type { RetryOptions } from '../task/retry/retry-options.ts'
import type { SpawnOptions } from '../task/spawn-settings.ts'
import type { TaskContext, TaskHandle, TaskRecord, TaskStatus } from '../task/types.ts'

/** What makes the items of a stream: most often an `async function*`. A Node or web stream will do, and a promise of either. */
export type StreamWork<T> = (task: TaskContext) => AsyncIterable<T> | PromiseLike<AsyncIterable<T>>

/** How one stream is run. */
export interface StreamOptions
  extends Pick<
    SpawnOptions,
    'name' | 'type' | 'priority' | 'deadline' | 'signal' | 'limits' | 'cost' | 'delay' | 'at'
  > {
  /** How many items the producer may be ahead of the reader: a positive whole number. @default 16 */
  readonly buffer?: number
  /** Milliseconds for one attempt, from its start; the time in which it waits for the reader is part of it. @default Infinity */
  readonly timeout?: number
  /**
   * How often and when to try again after a failure or a timeout; a number is `retries`. Only until the first item was read:
   * what was made and not read is dropped then, and after that the stream fails, so that no item comes twice. @default 0
   */
  readonly retry?: number | Omit<RetryOptions, 'retryUntil'>
}

/**
 * A task that gives many values: an async iterable of its items, and a remote control.
 *
 * The producer is at most `buffer` items ahead of the loop, and waits for one that was not begun. It holds its slot and its
 * limits until it has stopped. An error comes after the items before it, that of a cancel or a timeout as well.
 *
 * ```ts
 * for await (const row of manager.stream(({ signal }) => readRows(file, signal))) {
 *   if (row.id === wanted) break // the producer has stopped, its `finally` included, when the loop is left
 * }
 * ```
 */
export interface TaskStream<T> extends AsyncIterable<T>, AsyncDisposable {
  readonly id: number
  readonly name: string
  readonly status: TaskStatus
  /** The task of the producer: settles when that has stopped, whatever is left to read. */
  readonly done: TaskHandle<void>
  /**
   * Stops the producer. Acts at once, awaited or not; the promise resolves when it has stopped (at the latest
   * `cleanupTimeout` later), with `false` when it had already ended. Never rejects.
   */
  cancel(reason?: unknown): Promise<boolean>
  /** A snapshot of this moment. */
  record(): TaskRecord
  /**
   * Reads the items; once, as each comes once: throws `TypeError` the second time. Its `return`, which is what leaving a
   * loop calls, cancels the stream and resolves when the producer has stopped; it rejects when that fails because of it.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined>
  /** Cancels the stream and waits until the producer has stopped. */
  [Symbol.asyncDispose](): Promise<void>
}
