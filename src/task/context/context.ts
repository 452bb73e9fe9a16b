import type { LimitPermit } from '../../limits/types.ts'
import type { CurrentTask } from '../current.ts'
import type { WaitNotes } from '../deadlock/wait.ts'
import { type Carrier, carrierOf, everTraced } from '../run-trace.ts'
import type { SpawnSettings } from '../spawn-settings.ts'
import type { TaskContext, TaskLimits, TaskPermit, TaskProgress } from '../types.ts'
import { BodyLimits, BodyPermit } from './body-limits.ts'
import { Inbox } from './inbox.ts'
import { normaliseProgress } from './progress.ts'

/** Who passes on what is sent to a task. */
interface Recipient {
  send(message: unknown): void
}

/** A task as its attempts see it. */
export interface AttemptedTask extends CurrentTask {
  readonly id: number
  readonly name: string
  readonly settings: Pick<SpawnSettings, 'carry' | 'limits' | 'origin'>
  /** That of the attempt that runs. */
  readonly context: AttemptContext | undefined
  readonly permit: LimitPermit | undefined
  readonly extras: ContextNotes | undefined
  more(): ContextNotes
  /** What the signal of this attempt is to be aborted with, if it was told to stop or is over. */
  stopReasonFor(context: AttemptContext): unknown
  postpone(context: AttemptContext): () => void
  giveUpOn(context: AttemptContext): void
  /** The attempt that runs has come so far. */
  progressed(progress: TaskProgress): void
}

/** What is noted of a task whose work has asked for it. */
interface ContextNotes extends WaitNotes {
  /** What was sent to it and not taken yet. */
  inbox: Inbox | undefined
  bodyLimits: BodyLimits | undefined
}

/** What the work of one attempt gets to see. Its identity also tells this attempt from earlier ones. */
export class AttemptContext implements TaskContext {
  readonly #task: AttemptedTask
  readonly attempt: number
  #controller: AbortController | undefined
  #permit: TaskPermit | undefined
  #recipient: Recipient | undefined

  constructor(task: AttemptedTask, attempt: number) {
    this.#task = task
    this.attempt = attempt
  }

  get id(): number {
    return this.#task.id
  }

  get name(): string {
    return this.#task.name
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      const reason = this.#task.stopReasonFor(this)
      if (reason !== undefined) this.#controller.abort(reason)
    }
    return this.#controller.signal
  }

  /** A function of its own, so that work may take it apart: `({ signal, progress }) => …`. */
  get progress(): TaskContext['progress'] {
    return value => {
      const progress = normaliseProgress(value)
      const task = this.#task
      // What an attempt says that is over is ignored.
      if (task.context === this && !task.ended) task.progressed(progress)
    }
  }

  get messages(): AsyncIterableIterator<unknown> {
    const task = this.#task
    if (task.context !== this) return new Inbox().read(AbortSignal.abort())
    return (task.more().inbox ??= new Inbox()).read(this.signal)
  }

  get limits(): TaskLimits {
    const task = this.#task
    if (task.context !== this) return new BodyLimits(task)
    return (task.more().bodyLimits ??= new BodyLimits(task))
  }

  get permit(): TaskPermit {
    return (this.#permit ??= new BodyPermit(this.#task.context === this ? this.#task.permit : undefined))
  }

  /**
   * The work waits for something that is none of its doing: its timeout and the rates that it has taken count from the call
   * of the function returned. Nothing happens for a context that is no attempt's.
   */
  static postpone(context: TaskContext): () => void {
    return #task in context ? context.#task.postpone(context) : () => {}
  }

  /** The work is elsewhere: what is sent to it goes there, first of all what was sent before. */
  static sendBy(context: TaskContext, recipient: Recipient): void {
    if (!(#task in context)) return
    context.#recipient = recipient
    for (const message of context.#task.extras?.inbox?.takeAll() ?? []) recipient.send(message)
  }

  /** Sends a message to the attempt that runs, or to the next one; `false` where there is none. */
  static send(task: AttemptedTask, message: unknown): boolean {
    const { carry } = task.settings
    const carried = carry === undefined ? message : carry(message)
    if (task.ended || task.status === 'stopping') return false
    const recipient = task.context === undefined ? undefined : task.context.#recipient
    if (recipient !== undefined) recipient.send(carried)
    else (task.more().inbox ??= new Inbox()).put(carried)
    return true
  }

  /** Whether the task was given limits, here or where it was introduced from: else its own are none. */
  static isLimited(context: TaskContext): boolean {
    return #task in context && (context.#task.settings.limits !== undefined || Object.hasOwn(context, 'limits'))
  }

  /** What goes with the attempt to where its work is: what those who trace say, or else what has come with the task. */
  static carrierOf(context: TaskContext): Carrier | undefined {
    return (
      (everTraced ? carrierOf(context) : undefined) ?? (#task in context ? context.#task.settings.origin : undefined)
    )
  }

  /** The engine that runs the work says that it will not stop in its cleanup time: it is abandoned now. */
  static giveUp(context: TaskContext): void {
    if (#task in context) context.#task.giveUpOn(context)
  }

  /** Has the work see the task by what it is called elsewhere. */
  static introduce(
    context: AttemptContext,
    as: { readonly id: number; readonly attempt: number; readonly limits?: TaskLimits; readonly permit?: TaskPermit },
  ): void {
    for (const [key, value] of Object.entries(as)) Object.defineProperty(context, key, { value })
  }

  /** Tells the work to stop; `false` when it never asked for the signal and so cannot hear. */
  static abort(context: AttemptContext, reason: unknown): boolean {
    if (context.#controller === undefined) return false
    context.#controller.abort(reason)
    return true
  }

  /** Whether the work can hear that it should stop. */
  static listens(context: AttemptContext): boolean {
    return context.#controller !== undefined
  }
}
