import type { StoreError } from '../base/errors.ts'
import type { TaskStatus } from '../task/types.ts'

/** One task as a store keeps it. */
export interface StoredTask {
  readonly id: number
  readonly name: string
  readonly type?: string
  readonly tags?: readonly string[]
  readonly status: TaskStatus
  /** Epoch milliseconds. */
  readonly createdAt: number
  /** Epoch milliseconds. */
  readonly updatedAt: number
  /** Epoch milliseconds; set exactly when the status is final. */
  readonly endedAt?: number
  /** Epoch milliseconds until when the key of a task that has ended counts. */
  readonly keyUntil?: number
  /** The record of the task as JSON: opaque to the store. */
  readonly record: string
  /** What it takes to run the task again, as JSON: opaque to the store. Absent: it can't be run again. */
  readonly job?: string
  /** The command that it was submitted for: this write answers it, in the same stroke. */
  readonly command?: number
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

/** How much a store keeps of what has ended; times are milliseconds since the end. What has not ended stays in any case. */
export interface Retention {
  /** The last so many of them. `Infinity`: all. */
  readonly count: number
  readonly for: number
  /** The same for those that failed, where these are counted apart from the others. */
  readonly failed?: { readonly count: number; readonly for: number }
}

/** What another process asks of the runner, through its store. */
export interface StoreCommand {
  readonly id: number
  readonly action: 'rerun' | 'cancel'
  /** The id of the task that it is about. */
  readonly task: number
}

/** What became of a command: of `rerun` the id of the new task, of `cancel` how the task has ended. */
export interface CommandAnswer {
  /** Why nothing became of it. */
  readonly problem?: string
  readonly task?: number
  readonly status?: TaskStatus
  /** Whether it was the cancel that ended it. */
  readonly cancelled?: boolean
  /** Its work goes on, although it was told to stop. */
  readonly abandoned?: boolean
}

/** Which tasks a store is asked for: those that fit everything given. */
export interface StoredQuery {
  readonly id?: number
  readonly status?: readonly TaskStatus[]
  readonly type?: string
  readonly name?: string
  /** Has it among its tags. */
  readonly tag?: string
  /** Only smaller ids. */
  readonly before?: number
  /** Only those that have a later `keyUntil`. */
  readonly keyAfter?: number
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
   *
   * `retention` says what may be removed, now and as more tasks end: those that ended first. A store may keep more.
   */
  open(history: number, retention?: Retention): Promise<StoreContents>
  /**
   * Writes all of them or none, each in place of what was kept under its id. They are durable once this resolves. When it
   * rejects it is asked again, for fewer of them, to find the one that it refuses.
   */
  write(tasks: readonly StoredTask[]): Promise<void>
  /**
   * The tasks that fit, from the highest id to the lowest, as far as they are taken: before anything else happens. A runner
   * finds by it what its own `history` no longer has; a store that can't answer at once does without. Nothing while it is
   * not open.
   */
  find?(query: StoredQuery): Iterable<StoredTask>
  /**
   * What others have asked for through the store and was not answered yet: asked again and again while it is open. `all`: also
   * when nothing new has come since the last call. A store that nobody else can reach does without.
   */
  commands?(all: boolean): readonly StoreCommand[]
  /** Answers a command. */
  answer?(command: number, answer: CommandAnswer): void
  /** Lets another runner open it. Closing it again, or before it was opened, does nothing. */
  close(): Promise<void>
}
