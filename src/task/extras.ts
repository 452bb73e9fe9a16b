import type { Timer } from '../base/clock.ts'
import type { Acceptance } from './acceptance.ts'
import type { BodyLimits } from './context/body-limits.ts'
import type { Inbox } from './context/inbox.ts'
import type { Wait } from './deadlock/wait.ts'
import type { Retries } from './retry/retry.ts'
import type { SpawnStack, StopRequest } from './stop.ts'
import type { TaskAttempt, TaskProgress } from './types.ts'

/** What most tasks never need: kept apart, so that a million waiting tasks don't pay for it. */
export class Extras<Task = never> {
  stopRequest: StopRequest | undefined
  /** The request that came when the attempt could not be stopped any more: it is the last one. */
  lateStop: StopRequest | undefined
  /** What the signal was aborted with. */
  told: unknown
  retries: Retries | undefined
  /** The attempt is over, and its policy has yet to say what follows: with the error it ended with, if any. */
  judging: { readonly error?: unknown } | undefined
  /** The attempts that were followed by another, in milliseconds of the clock. */
  readonly attempts: TaskAttempt[] = []
  /** When the latest attempt started, if it is not the first. */
  restartedAt = 0
  /** The wait for the next attempt. */
  pause: Timer | undefined
  /** When that is to be over. */
  again = 0
  /** The way into the queue, if it was not open at once. */
  acceptance: Acceptance | undefined
  /** Of the attempt that runs: what its body has the limits by. */
  bodyLimits: BodyLimits | undefined
  abandoned = false
  cleanupError: { readonly error: unknown } | undefined
  progress: TaskProgress | undefined
  /** What was sent to it and not taken yet. */
  inbox: Inbox | undefined
  /** For which other tasks this one waits. */
  waits: Set<Wait> | undefined
  /** When it last began or ended a wait, or spawned a task while it waited. */
  activeAt = 0
  /** Where it was spawned, if its manager keeps that. */
  spawnStack: SpawnStack | undefined
  /** Called once when the task has ended, before its handle settles. */
  onEnd: ((task: Task) => void) | undefined
  /** Told when the task has ended: see {@link watch}. */
  watchers: Set<() => void> | undefined
  /** Of the attempt that runs: how the body ended whose scope is still being torn down. */
  body: { readonly ok: boolean; readonly value: unknown } | undefined
  /** Of the attempt that runs: how to halt it, if it is an operation. */
  halt: (() => void) | undefined
  /** Of the attempt that runs: its timeout, and after a stop the end of its cleanup time. */
  timer: Timer | undefined
  cleaningUp = false
  deadline: Timer | undefined
  /** Stops listening to the signal that the task was spawned with; never throws. */
  unlink: (() => void) | undefined
  /** Told when the work has stopped. */
  stopWaiters: (() => void)[] | undefined

  /** An attempt is over. */
  clearAttempt(): void {
    this.timer?.cancel()
    this.timer = this.halt = this.body = undefined
    this.cleaningUp = false
  }

  closeBodyLimits(): void {
    this.bodyLimits?.close()
    this.bodyLimits = undefined
  }

  /** The task has ended: nothing may call it any more. */
  clearTask(): void {
    this.deadline?.cancel()
    this.pause?.cancel()
    this.unlink?.()
    this.deadline =
      this.spawnStack =
      this.judging =
      this.pause =
      this.unlink =
      this.inbox =
      this.onEnd =
      this.watchers =
      this.waits =
      this.retries =
        undefined
  }
}
