import type { StoreError } from '../base/errors.ts'
import type { TaskStatus } from '../task/types.ts'

/** One task as a store keeps it. */
export interface StoredTask {
  readonly id: number
  readonly name: string
  readonly type?: string
  readonly status: TaskStatus
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** Epoch milliseconds. */
  readonly updatedAt: number
  /** Epoch milliseconds; set exactly when the status is final. */
  readonly endedAt?: number
  /** The record of the task as JSON: opaque to the store. */
  readonly record: string
  /** What it takes to run the task again, as JSON: opaque to the store. Absent: it can't be run again, or has ended. */
  readonly job?: string
}

/** What a store held when it was opened. */
export interface StoreContents {
  /** The highest id it has ever been given; 0 for an empty store. */
  readonly lastId: number
  /** The tasks that had not ended, in the order of their ids. */
  readonly unfinished: readonly StoredTask[]
  /** Those that ended last, the latest at the end: by when they ended, not by what a clock said, which may be set back. */
  readonly ended: readonly StoredTask[]
  /** Those whose records are damaged, and are among neither. A store that can't tell has none. */
  readonly damaged?: readonly DamagedTask[]
}

/** A task that a store has, but not as it was written: never shown as good, and never run again. */
export interface DamagedTask {
  readonly id: number
  /** What is wrong and where the remains are; what `wait` rejects with. */
  readonly error: StoreError
}

/**
 * Where a {@link TaskRunner} keeps the records of its tasks. The runner batches and coalesces: a store has one writer, at
 * most one `write` at a time, and never sees a task twice in one batch.
 *
 * Every method rejects with `StoreError` when it fails; what else it throws is wrapped in one.
 */
export interface TaskStore {
  /**
   * Opens the store for this runner alone and reads what is there: everything unfinished, and the last `history` that
   * ended. Rejects when another runner, of this process or another, has it open, which it leaves alone. After a rejection
   * `close` is not called: nothing that was opened for it may stay open.
   */
  open(history: number): Promise<StoreContents>
  /**
   * Writes all of them or none, each in place of what was kept under its id. They are durable once this resolves. When it
   * rejects it is asked again, for fewer of them, to find the one that it refuses.
   */
  write(tasks: readonly StoredTask[]): Promise<void>
  /** Lets another runner open it. Closing it again, or before it was opened, does nothing. */
  close(): Promise<void>
}
