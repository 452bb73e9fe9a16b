import { now, startTimer } from '../base/clock.ts'
import { followSignal } from '../base/follow-signal.ts'
import type { AsyncContext } from '../base/platform.ts'
import { tellStopped } from './cancel.ts'
import { AttemptContext } from './context/context.ts'
import { forgetWaits } from './deadlock/wait.ts'
import { execute } from './execution.ts'
import { TaskPromise } from './handle.ts'
import { type Again, judgeOf, NO_PAUSE, pauseAfter, type Verdict } from './retry/retry.ts'
import { planned, planRetry } from './retry/retrying.ts'
import { everTraced, traceEnd } from './run-trace.ts'
import { addSpawnStack, answersAbort, type StopRequest } from './stop.ts'
import { type Extras, TaskState } from './task-state.ts'
import type { TaskProgress, TaskStatus } from './types.ts'

/**
 * A task: its state, and every step of its life. The handle, the context and the record are views on it.
 * A slot is held from `start` until the attempt's work has really stopped (`attemptEnded`) or its cleanup time is over
 * (`giveUp`); `context` is set exactly that long. The handle may settle earlier, when the work cannot be told to stop.
 */
export class Task extends TaskState<Task> {
  #handle: TaskPromise<unknown> | undefined = undefined

  get handle(): TaskPromise<unknown> {
    return (this.#handle ??= new TaskPromise<unknown>(this))
  }

  /** The only place where a status changes: counts, events and records all follow from here. */
  #move(to: TaskStatus): void {
    const from = this.status
    this.status = to
    this.owner.moved(this, from, to)
  }

  /** Arms what may end the task before it starts, or at once. */
  arm(): void {
    const { deadline, signal } = this.settings
    if (deadline !== Number.POSITIVE_INFINITY)
      this.more().deadline = startTimer(deadline, () => this.stop({ kind: 'deadline' }))
    if (signal !== undefined) this.#follow(signal)
  }

  #follow(signal: AbortSignal): void {
    try {
      const unlink = followSignal(signal, reason => this.stop({ kind: 'cancel', reason }))
      if (!this.ended) this.more().unlink = unlink
    } catch (error) {
      this.refuse(error)
    }
  }

  /** The attempt that runs has come so far. */
  progressed(progress: TaskProgress): void {
    this.more().progress = progress
    this.updatedAt = now()
    this.owner.progressed(this)
  }

  /** What the task needs can't be had. */
  refuse(error: unknown): void {
    if (this.ended) return
    this.#end('failed', error)
    this.owner.released()
  }

  /** Starts an attempt, `at` this time of the clock; the owner has taken a slot for it. */
  start(at: number): void {
    this.attempt += 1
    const context = (this.context = new AttemptContext(this, this.attempt))
    this.updatedAt = at
    if (this.attempt === 1) this.startedAt = at
    else (this.extras as Extras).restartedAt = at
    this.#move('running')
    if (this.settings.timeout !== Number.POSITIVE_INFINITY) this.#startTimeout()
    execute(this, context, this.asyncContext as AsyncContext)
  }

  #startTimeout(): void {
    this.more().timer = startTimer(this.settings.timeout, () => this.stop({ kind: 'timeout' }))
  }

  /** Takes back the start of an attempt's timeout, and of what counts from its start; the function returned starts them. */
  postpone(context: AttemptContext): () => void {
    // Once it is told to stop, it is the cleanup that is timed.
    if (context !== this.context || this.status !== 'running') return () => {}
    const timed = this.settings.timeout !== Number.POSITIVE_INFINITY
    const { permit } = this
    this.extras?.timer?.cancel()
    permit?.postpone()
    return () => {
      permit?.begin()
      if (timed && context === this.context && this.status === 'running') this.#startTimeout()
    }
  }

  /** The attempt's work has stopped, with its result or its error; nothing of it runs any more. */
  attemptEnded(context: AttemptContext, ok: boolean, value: unknown, cleanup?: { readonly error: unknown }): void {
    if (everTraced) traceEnd(context, ok, value)
    if (context !== this.context) return this.owner.abandonedStopped(context)
    this.context = undefined
    if (this.extras !== undefined) this.clearAttempt(this.extras)
    if (this.ended) return this.#leaveSlot()
    if (cleanup !== undefined) this.#cleanupFailed(cleanup.error)
    if (this.#endAttempted(ok, value)) this.#leaveSlot(this.updatedAt)
  }

  #leaveSlot(at?: number): void {
    this.owner.slotFreed(this, at)
    if (this.extras?.stopWaiters !== undefined) tellStopped(this)
    if (this.extras?.pause === NO_PAUSE) this.owner.enqueue(this)
  }

  /** Asks the task to stop: at once if it is pending, else by telling its work. Does nothing once it has ended. */
  stop(request: StopRequest): void {
    if (this.ended) return
    if (this.status === 'pending') {
      this.owner.withdraw(this)
      this.more().stopRequest = request
      this.#endStopped(request, true, undefined)
      return this.owner.released()
    }
    if (this.extras?.judging !== undefined) return this.#stopJudging(this.extras, request)
    if (this.status === 'stopping') return this.#stopForGood(request)
    if (this.context === undefined || this.extras?.body !== undefined) return this.#stopAfterBody(request)
    const plan = request.kind === 'timeout' ? planRetry(this, request) : request
    // Planning asks the user's code, which may have stopped the task itself.
    if (this.status !== 'running') return
    const extras = this.more()
    extras.stopRequest = plan
    if (plan.again instanceof Promise) this.#planLater(plan, plan.again)
    this.updatedAt = now()
    this.#move('stopping')
    this.#limitCleanup()
    if (!this.canHear()) return this.#settleUnheard()
    AttemptContext.abort(this.context as AttemptContext, this.reasonOf(extras.stopRequest))
    extras.halt?.()
  }

  /** How the attempt ended is settled, and its scope is being torn down or its policy asked: it is only kept the last one. */
  #stopAfterBody(request: StopRequest): void {
    if (request.kind !== 'timeout') {
      this.more().lateStop ??= request
      if (this.settings.retry !== undefined) judgeOf(this, this.settings.retry).end()
    }
    if (this.context !== undefined) this.#limitCleanup()
  }

  /** The work is being told to stop while its policy is asked; what it says counts if the attempt has not ended by then. */
  #planLater(request: StopRequest, answer: Promise<Again | undefined>): void {
    answer.then(again => {
      if (this.stopRequest !== request || this.context === undefined) return
      this.more().stopRequest = planned(request, again)
      if (!this.canHear()) this.#settleUnheard()
    })
  }

  /** The attempt is over, but its policy has not answered: nobody waits for that any more. */
  #stopJudging(extras: Extras, request: StopRequest): void {
    this.updatedAt = now()
    this.keepAttempt(extras, extras.judging?.error)
    extras.judging = this.outcome = undefined
    extras.stopRequest = request
    if (this.status === 'running') this.#move('stopping')
    this.#endStopped(request, true, undefined)
    this.#leaveSlot()
  }

  /** The attempt is being stopped by its timeout already, and would have been followed by another. */
  #stopForGood(request: StopRequest): void {
    if (this.stopRequest?.again === undefined) return
    this.more().stopRequest = request
    this.outcome = undefined
    if (!this.canHear()) this.#settleUnheard()
  }

  /** Nobody could tell the work: there is nothing to wait for, unless the next attempt needs its end. */
  #settleUnheard(): void {
    const request = this.stopRequest as StopRequest
    if (request.again !== undefined) return
    this.more().abandoned = true
    this.#endStopped(request, true, undefined)
  }

  #limitCleanup(): void {
    const extras = this.more()
    if (extras.cleaningUp) return
    extras.cleaningUp = true
    extras.timer?.cancel()
    extras.timer = startTimer(this.owner.cleanupTimeout, () => this.#giveUp())
  }

  /** There is nothing to wait for: see {@link AttemptContext.giveUp}. */
  giveUpOn(context: AttemptContext): void {
    if (context === this.context && this.status === 'stopping') this.#giveUp()
  }

  /** The cleanup time is over: the slot goes to another task, the work is on its own. */
  #giveUp(): void {
    const context = this.context as AttemptContext
    const extras = this.more()
    const { ok, value } = extras.body ?? { ok: true, value: undefined }
    extras.abandoned = true
    this.context = undefined
    this.clearAttempt(extras)
    this.owner.gaveUp(this, context)
    if (this.ended || this.#endAttempted(ok, value)) this.#leaveSlot()
  }

  /** Settles what becomes of the task. `false`: its policy has yet to say, and until then it keeps its slot. */
  #endStopped(request: StopRequest, ok: boolean, value: unknown): boolean {
    const { kind, again } = request
    const ownError = !ok && !answersAbort(value, this.extras?.told)
    if (kind === 'cancel') {
      this.#end(ownError ? 'failed' : 'cancelled', ownError ? value : this.outcome)
      return true
    }
    if (ownError) this.#cleanupFailed(value)
    if (again instanceof Promise) return this.#judgeLater(again, request.error)
    this.#endOrTryAgain(again)
    return true
  }

  #endAttempted(ok: boolean, value: unknown): boolean {
    const request = this.stopRequest
    if (request !== undefined) return this.#endStopped(request, ok, value)
    const { retry } = this.settings
    if (retry === undefined || (ok && !retry.judgesResults)) {
      this.#end(ok ? 'done' : 'failed', value)
      return true
    }
    const verdict = judgeOf(this, retry).judge(this.attempt, ok, value, this.startedAt)
    if (verdict instanceof Promise) return this.#judgeLater(verdict, ok ? undefined : value)
    this.#endOrTryAgain(verdict)
    return true
  }

  #judgeLater(answer: Promise<Verdict | undefined>, error: unknown): false {
    const extras = this.more()
    const judging = (extras.judging = { error })
    answer.then(verdict => {
      if (extras.judging !== judging) return
      extras.judging = undefined
      this.#endOrTryAgain(verdict)
      this.#leaveSlot()
    })
    if (extras.lateStop !== undefined) this.#stopJudging(extras, extras.lateStop)
    return false
  }

  #endOrTryAgain(verdict: Verdict | undefined): void {
    if (verdict === undefined) this.#end('failed', this.errorOf(this.stopRequest as StopRequest))
    else if (verdict.status === 'pending') this.#tryAgain(verdict)
    else this.#end(verdict.status, verdict.outcome)
  }

  #tryAgain({ delay, error }: Again): void {
    // Who judged the attempt, or stopped it, has left it there.
    const extras = this.extras as Extras
    this.updatedAt = now()
    this.keepAttempt(extras, error)
    extras.stopRequest = extras.told = this.outcome = undefined
    extras.abandoned = false
    this.#move('pending')
    extras.again = this.updatedAt + delay
    extras.pause = pauseAfter(this.attempt, delay, () => this.owner.enqueue(this))
  }

  #cleanupFailed(error: unknown): void {
    this.more().cleanupError = { error }
    this.owner.cleanupFailed(this, error)
  }

  #end(status: 'done' | 'failed' | 'cancelled', outcome: unknown): void {
    const wasPending = this.status === 'pending'
    this.outcome = outcome
    this.work = undefined
    this.asyncContext = undefined
    this.updatedAt = now()
    this.#move(status)
    const { extras, limitRequest } = this
    limitRequest?.cancel()
    if (wasPending) limitRequest?.permit?.refund()
    if (extras !== undefined) {
      const { watchers, spawnStack } = extras
      if (spawnStack !== undefined && status === 'failed') addSpawnStack(outcome, this.label, spawnStack)
      extras.acceptance?.ended(this)
      if (extras.waits !== undefined) forgetWaits(this)
      extras.clearTask()
      if (watchers !== undefined) for (const tell of watchers) tell()
    }
    this.settings.onEnd?.(this)
    if (this.#handle !== undefined) TaskPromise.settle(this.#handle)
    if (status === 'failed') this.owner.failed(this)
  }
}
