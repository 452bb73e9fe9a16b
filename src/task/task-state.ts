import { now } from '../base/clock.ts'
import { type AsyncContext, captureContext } from '../base/platform.ts'
import type { Linked } from '../collections/linked-set.ts'
import type { Queued } from '../collections/queued.ts'
import type { LimitRequest } from '../limits/acquire/limit-request.ts'
import type { LimitPermit } from '../limits/types.ts'
import { AttemptContext } from './context/context.ts'
import { forgetWaits } from './deadlock/wait.ts'
import { Extras } from './extras.ts'
import type { TaskOwner } from './owner.ts'
import type { SpawnSettings } from './spawn-settings.ts'
import { pastReason, type StopRequest, stopError } from './stop.ts'
import type { TaskStatus, Work } from './types.ts'

/**
 * What a task is made of, and what can be told from it. Its steps are those of `Task`, which alone sets `status`.
 *
 * Six states are public; inside, more are told apart by the fields that are set:
 *
 * | status   | inside                             | told by                           | slot | goes on to                    | by |
 * | -------- | ---------------------------------- | --------------------------------- | ---- | ----------------------------- | -- |
 * | pending  | not accepted                       | acceptance, not open              | no   | queued                        | the runner: `open` |
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
export abstract class TaskState<Self> implements Queued, Linked<Self> {
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
  /** Somebody has asked for the outcome, so a failure is theirs. */
  observed = false
  limitRequest: LimitRequest<LimitPermit> | undefined = undefined
  extras: Extras<Self> | undefined = undefined

  constructor(owner: TaskOwner<Self>, id: number, work: Work<unknown>, settings: SpawnSettings) {
    this.owner = owner
    this.id = id
    this.work = work
    this.settings = settings
    this.priority = settings.priority
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
  more(): Extras<Self> {
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

  protected keepAttempt(extras: Extras<Self>, error: unknown): void {
    extras.attempts.push({ startedAt: this.attemptStartedAt, endedAt: this.updatedAt, error })
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

  protected clearAttempt(): void {
    this.context = undefined
    const { extras } = this
    if (extras === undefined) return
    extras.clearAttempt()
    forgetWaits(this)
  }
}
