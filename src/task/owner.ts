import type { Scope } from 'effection'
import type { WallClock } from '../base/clock.ts'
import type { LimitPermit } from '../limits/types.ts'
import type { AttemptContext } from './context/context.ts'
import type { SlotOwner } from './deadlock/wait.ts'
import type { TaskStatus } from './types.ts'

/** What a task asks of its limits, and has got. */
export interface LimitRequest {
  /** What was granted; until the slot is free again. */
  readonly permit: LimitPermit | undefined
  /** Whether it stands in line. */
  readonly waits: boolean
  /** Has it stand in line no more. */
  cancel(): void
  release(): void
}

/** What a task needs of its owner: the scheduler of a manager. */
export interface TaskOwner<Task> extends SlotOwner {
  /** Its own. */
  readonly settings: { readonly name: string }
  /** The effection scope in which operations run; made when first needed. */
  readonly scope: Scope
  /** Milliseconds for cleaning up after a stop. */
  readonly cleanupTimeout: number
  /** By which the times of a task become those of the day. */
  readonly wallClock: WallClock
  /** After every change of status, with everything about the task up to date. */
  moved(task: Task, from: TaskStatus, to: TaskStatus): void
  /** After a task has failed and its handle is settled. */
  failed(task: Task): void
  progressed(task: Task): void
  /** Puts a pending task into the line for its limits and a slot. */
  enqueue(task: Task): void
  /** Changes the priority of a task, and with it its place in the line. */
  prioritise(task: Task, priority: number): void
  /** Takes a pending task out of the line. */
  withdraw(task: Task): void
  /** The attempt's work has stopped: its slot and its limits are free. `at` is the time, if it was just read. */
  slotFreed(task: Task, at?: number): void
  /** A task has ended that held no slot. */
  released(): void
  /** The attempt's work still runs, but its slot is free. */
  gaveUp(task: Task, context: AttemptContext): void
  /** Work that was given up on has stopped after all. */
  abandonedStopped(context: AttemptContext): void
  /** One of the user's functions is at fault: said the first time. */
  blame(culprit: object, error: unknown, message: string): void
  /** A cleanup failed where its error could not be the outcome. */
  cleanupFailed(task: Task, error: unknown): void
}
