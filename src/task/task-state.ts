import { now, type Timer } from '../base/clock.ts'
import { type AsyncContext, captureContext } from '../base/platform.ts'
import type { Queued } from '../collections/queued.ts'
import type { LimitPermit } from '../limits/types.ts'
import type { Acceptance } from './acceptance.ts'
import type { BodyLimits } from './context/body-limits.ts'
import { AttemptContext } from './context/context.ts'
import type { Inbox } from './context/inbox.ts'
import { forgetWaits, type Wait } from './deadlock/wait.ts'
import type { LimitRequest, TaskOwner } from './owner.ts'
import type { Judge } from './retry/retry.ts'
import type { SpawnSettings } from './spawn-settings.ts'
import { pastReason, type SpawnStack, type StopRequest, stopError } from './stop.ts'
import type { TaskAttempt, TaskProgress, TaskStatus, Work } from './types.ts'

/** Of a task that is started again and again so many runs are in its record, the latest. */
const MOST_RESTARTS_KEPT = 100

/**
 * What a task is made of, and what can be told from it. Its steps are those of `Task`, which alone sets `status`.
 *
 * Six states are public; inside, more are told apart by the fields that are set:
 *
 * | status   | inside                             | told by                           | slot | goes on to                    | by |
 * | -------- | ---------------------------------- | --------------------------------- | ---- | ----------------------------- | -- |
 * | pending  | not accepted                       | acceptance                        | no   | queued                        | the runner: `open` |
 * |          | behind one of its key              | heldBy                            | no   | due later, queued             | the end of that one's work |
 * |          | due later                          | pause, before the first attempt   | no   | queued                        | the timer of all of them |
 * |          | queued                             | position                          | no   | running, waiting for limits   | the scheduler: `start` |
 * |          | waiting for limits                 | limitRequest waits                | no   | slot reserved, queued         | the ready queue |
 * |          | slot reserved                      | limitRequest.permit               | yes  | running                       | the scheduler: `start` |
 * |          | between two attempts               | pause                             | no   | queued                        | its timer |
 * | running  | the work runs                      | context                           | yes  | ended, tearing down, stopping | `attemptEnded`, `bodyEnded`, `stop` |
 * |          | tearing down an operation's scope  | context, body                     | yes  | ended                         | `attemptEnded` |
 * |          | over, its retry policy is asked    | judging, no context               | yes  | ended, between two attempts   | the policy's answer |
 * | stopping | told to stop                       | stopRequest                       | yes  | ended                         | `attemptEnded`, or the cleanup time |
 * |          | the same, to be tried again        | stopRequest.again                 | yes  | between two attempts          | the same |
 * | final    | ended, its work goes on            | context                           | yes  | ended                         | `attemptEnded`, or the cleanup time |
 * |          | ended                              | no context                        | no   |                               | |
 *
 * `position`, `sequence` and `priority` are the queue's to change, `next` and `previous` the ledger's, `limitRequest` the
 * ready queue's; `observed` is set by those who look at the outcome. `startedAt` counts from the first attempt on,
 * `outcome` from the end on.
 */
export abstract class TaskState<Self> implements Queued {
  readonly owner: TaskOwner<Self>
  readonly id: number
  readonly settings: SpawnSettings
  work: Work<unknown> | undefined
  asyncContext: AsyncContext | undefined
  status: TaskStatus = 'pending'
  priority: number
  sequence = 0
  position = -1
  next: Self | undefined = undefined
  previous: Self | undefined = undefined
  attempt = 0
  context: AttemptContext | undefined = undefined
  createdAt: number
  startedAt = 0
  updatedAt: number
  /** The result when done, the error when failed or cancelled; that of a cancel is made when first asked for. */
  outcome: unknown = undefined
  /** The outcome was asked for, so a failure is the asker's. */
  observed = false
  limitRequest: LimitRequest | undefined = undefined
  extras: Extras | undefined = undefined

  constructor(owner: TaskOwner<Self>, id: number, work: Work<unknown>, settings: SpawnSettings, priority: number) {
    this.owner = owner
    this.id = id
    this.work = work
    this.settings = settings
    this.priority = priority
    this.asyncContext = captureContext()
    this.createdAt = this.updatedAt = now()
  }

  get name(): string {
    return this.settings.name ?? `task ${this.id}`
  }

  /** How messages call the task. */
  get label(): string {
    return this.settings.name === undefined ? this.name : `task ${this.id} "${this.settings.name}"`
  }

  /** Whether it is started again for good: its attempts know no bounds. */
  get supervised(): boolean {
    const { retry } = this.settings
    return retry !== undefined && !('retries' in retry)
  }

  get ended(): boolean {
    return this.status === 'done' || this.status === 'failed' || this.status === 'cancelled'
  }

  /** When the latest attempt started. */
  get attemptStartedAt(): number {
    return this.attempt <= 1 ? this.startedAt : (this.extras?.restartedAt ?? 0)
  }

  get stopRequest(): StopRequest | undefined {
    return this.extras?.stopRequest
  }

  get permit(): LimitPermit | undefined {
    return this.limitRequest?.permit
  }

  /** The extras, made now if need be. */
  more(): Extras {
    return (this.extras ??= new Extras())
  }

  /** How to stop an attempt that is an operation. */
  haltWith(context: AttemptContext, halt: () => void): void {
    if (context === this.context) this.more().halt = halt
  }

  /** The body of an operation is over and its scope is being torn down: a stop from now on can't change how it ended. */
  bodyEnded(context: AttemptContext, ok: boolean, value: unknown): void {
    if (context === this.context) this.more().body = { ok, value }
  }

  /** Whether the work of this attempt can be told to stop. */
  protected canHear(): boolean {
    return AttemptContext.listens(this.context as AttemptContext) || this.extras?.halt !== undefined
  }

  /** What the signal of this attempt is to be aborted with, if it was told to stop or is over. */
  stopReasonFor(context: AttemptContext): unknown {
    if (context !== this.context) return pastReason(this, context.attempt)
    return this.stopRequest === undefined ? undefined : this.reasonOf(this.stopRequest)
  }

  protected reasonOf(request: StopRequest): unknown {
    const { kind, reason } = request
    return (this.more().told = kind === 'cancel' && reason !== undefined ? reason : this.errorOf(request))
  }

  protected keepAttempt(extras: Extras, error: unknown): void {
    extras.attempts.push({ startedAt: this.attemptStartedAt, endedAt: this.updatedAt, error })
    if (extras.attempts.length <= MOST_RESTARTS_KEPT || !this.supervised) return
    extras.attempts.shift()
    extras.attemptsDropped += 1
  }

  /** The error of a stop, made once: it carries a stack, which most cancelled tasks need not pay for. */
  protected errorOf(request: StopRequest): unknown {
    this.outcome ??= request.error ?? stopError(this, request)
    return this.outcome
  }

  /** What the handle rejects with. */
  failure(): unknown {
    return this.status === 'cancelled' ? this.errorOf(this.stopRequest as StopRequest) : this.outcome
  }

  /** An attempt of a task that has extras is over. */
  protected clearAttempt(extras: Extras): void {
    extras.clearAttempt()
    if (extras.waits !== undefined) forgetWaits(this)
  }
}

/** What most tasks never need: kept apart, so that a million waiting tasks don't pay for it. */
export class Extras {
  stopRequest: StopRequest | undefined
  /** The request that came when the attempt could not be stopped any more: it is the last one. */
  lateStop: StopRequest | undefined
  /** What the signal was aborted with. */
  told: unknown
  retries: Judge | undefined
  /** The attempt is over, and its policy has yet to say what follows: with the error it ended with, if any. */
  judging: { readonly error?: unknown } | undefined
  /** The attempts that were followed by another, in milliseconds of the clock. */
  readonly attempts: TaskAttempt[] = []
  /** How many before those are not kept any more. */
  attemptsDropped = 0
  /** When the latest attempt started, if it is not the first. */
  restartedAt = 0
  /** The wait for the next attempt; for the first, if the task is to start later. */
  pause: Timer | undefined
  /** When that is to be over. */
  again = 0
  /** The task of the same key that has to stop before it stands in the queue. */
  heldBy: { readonly id: number; readonly label: string } | undefined
  /** Milliseconds for which its key counts after its end. */
  keyKeptFor = 0
  /** The way into the queue, until that is open. */
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
      this.watchers =
      this.waits =
      this.retries =
        undefined
  }
}
