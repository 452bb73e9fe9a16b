import type { Effect } from 'effection'
import { attempt } from '../base/attempt.ts'
import { TaskNotFinishedError } from '../base/errors.ts'
import { INSPECT, type Inspection, inspected } from '../base/inspect.ts'
import { inOwnStep } from '../base/operation.ts'
import { ordering } from '../base/options.ts'
import type { WaitOptions } from '../base/wait-timeout.ts'
import { isLimited, onlyWaitLimit, waitWithin } from '../base/wait-timeout.ts'
import { untilSettled, yielded } from '../base/yielded.ts'
import { accepted } from './acceptance.ts'
import { cancelTask, watch } from './cancel.ts'
import { AttemptContext } from './context/context.ts'
import { currentTask } from './current.ts'
import { Wait, type Waiter, type WaitKind } from './deadlock/wait.ts'
import { deadlock, neverEnds, selfWait } from './deadlock/wait-graph.ts'
import { type HandledTask, type SharedTask, taskItself } from './handled-task.ts'
import { recordOf } from './record.ts'
import type { TaskHandle, TaskRecord, TaskStatus } from './types.ts'

/**
 * The handle of a task: a promise by its prototype, which has no state of its own. Nothing is allocated for one that
 * nobody looks at. `then` is the one door, for `await`, the combinators, `catch` and `finally` too, and so knows who looks:
 * for a first `await` it keeps what settles that, for anybody else it makes a native promise.
 *
 * That promise always has a reaction: a failure that nobody looked at is never an unhandled rejection, and goes to
 * `onError` instead; one that was looked at is the business of the promise that `then` returned, as with any other.
 */
export class TaskPromise<T> implements TaskHandle<T> {
  declare readonly [Symbol.toStringTag]: string
  declare catch: TaskHandle<T>['catch']

  readonly #task: HandledTask | SharedTask
  #outcome: Outcome | undefined

  static {
    Object.setPrototypeOf(TaskPromise.prototype, Promise.prototype)
  }

  constructor(task: HandledTask | SharedTask) {
    this.#task = task
  }

  /** The task of a handle, or what that has of it; `undefined` for anything else. */
  static taskOf(value: unknown): HandledTask | SharedTask | undefined {
    return typeof value === 'object' && value !== null && #task in value
      ? (value as TaskPromise<unknown>).#task
      : undefined
  }

  /** The task has ended: settles the promises that were asked for. */
  static settle(handle: TaskPromise<unknown>): void {
    if (handle.#outcome !== undefined) settle(handle.#outcome, handle.#task)
  }

  get id(): number {
    return this.#itself.id
  }

  get name(): string {
    return this.#itself.name
  }

  get priority(): number {
    return this.#itself.priority
  }

  set priority(value: number) {
    const task = this.#itself
    task.owner.prioritise(task, ordering('priority', value))
  }

  get status(): TaskStatus {
    return this.#task.status
  }

  get accepted(): Promise<void> {
    const task = this.#task
    return task.shared === undefined ? accepted(task) : task.accepted()
  }

  done(): boolean {
    return this.#task.ended
  }

  result(): T {
    const task = this.#task
    if (task.status === 'done') return task.outcome as T
    throw this.exception()
  }

  exception(): unknown {
    const task = this.#task
    if (!task.ended) {
      throw new TaskNotFinishedError(`${this.#itself.label} is ${task.status}: await it before asking how it ended`)
    }
    task.observed = true
    return task.status === 'done' ? undefined : task.failure()
  }

  cancel(reason?: unknown): Promise<boolean> {
    return cancelTask(this.#task, reason)
  }

  send(message: unknown): boolean {
    return !this.#task.ended && AttemptContext.send(this.#itself, message)
  }

  async wait(options?: WaitOptions): Promise<T> {
    const limit = onlyWaitLimit(options)
    if (!isLimited(limit)) return await this
    const task = this.#task
    const itself = this.#itself
    if (currentTask.getStore() === itself && !task.ended) throw selfWait(itself)
    await waitWithin<void>(limit, `waiting for ${itself.label}, which goes on,`, resolve => watch(task, resolve))
    return this.result()
  }

  record(): TaskRecord {
    const task = this.#task
    return task.shared === undefined ? recordOf(task) : task.record()
  }

  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const waiter = this.#waiter()
    if (waiter === undefined) {
      const first = this.#outcome === undefined && !this.#task.ended
      if (first && isEngines(onFulfilled) && isEngines(onRejected)) return this.#pass(onFulfilled, onRejected)
      return this.#look(onFulfilled, onRejected)
    }
    const reaction = onFulfilled ?? onRejected
    // What is no function of the user's resolves a promise, as `await` and the combinators hand in.
    const kind = typeof reaction === 'function' && !isEngines(reaction) ? 'listen' : 'await'
    return this.#wait(waiter, kind).promise.then(onFulfilled, onRejected)
  }

  /** By a function of ours, since the engine's own would look like those of an `await`. */
  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.then(value => value).finally(onFinally)
  }

  /** What `yield*` goes through. */
  [Symbol.iterator](): Iterator<Effect<unknown>, T, unknown> {
    return yielded(() => `the handle of ${this.#itself.label}`, this.#steps())
  }

  *#steps(): Generator<Effect<unknown>, T, unknown> {
    const waiter = this.#waiter()
    if (waiter === undefined) return yield* untilSettled(this.#look())
    const { promise, end } = this.#wait(waiter, inOwnStep() ? 'certain' : 'await')
    try {
      return yield* untilSettled(promise)
    } finally {
      end()
    }
  }

  /** @internal Looking at it this way observes nothing. */
  [INSPECT](...inspection: Inspection): string {
    const { status, outcome } = this.#task
    const { id, settings } = this.#itself
    const { name } = settings
    const ending = { ...(status === 'done' && { result: outcome }), ...(status === 'failed' && { error: outcome }) }
    return inspected('TaskHandle', { id, ...(name !== undefined && { name }), status, ...ending }, ...inspection)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await cancelTask(this.#task)
  }

  get #itself(): HandledTask {
    return taskItself(this.#task)
  }

  /** The task that would wait, if one calls and there is anything to wait for. It may have ended: code can outlive it. */
  #waiter(): Waiter | undefined {
    if (this.#task.ended) return undefined
    const waiter = currentTask.getStore()
    return waiter === undefined || waiter.ended ? undefined : waiter
  }

  /** Throws, and leaves nothing behind, where it is certain that the wait could never end. */
  #wait(waiter: Waiter, kind: WaitKind): { readonly promise: Promise<T>; end(): void } {
    const task = this.#task
    const itself = this.#itself
    const outcome = Promise.withResolvers<unknown>()
    const wait = Wait.begin(waiter, [itself], kind, outcome.reject)
    if (kind === 'certain' && neverEnds(waiter, itself)) {
      wait.end()
      throw deadlock(waiter, itself)
    }
    const forget = watch(task, () => {
      wait.end()
      settle(outcome, task)
    })
    const end = () => {
      wait.end()
      forget()
    }
    return { promise: outcome.promise as Promise<T>, end }
  }

  #look<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const made = this.#outcome?.promise === undefined
    const derived = (this.#promise() as Promise<T>).then(onFulfilled, onRejected)
    this.#task.observed = true
    // Only now, so that the engine does not take it for a rejection without a reaction first.
    if (made && this.#task.ended) TaskPromise.settle(this)
    return derived
  }

  /**
   * For speed, since most handles are awaited once: what settles the promise of that `await` is kept as it is, and no promise
   * of our own, with all that belongs to it, is made in between.
   */
  #pass<A, B>(resolve: (value: T) => unknown, reject: (reason: unknown) => unknown): Promise<A | B> {
    this.#outcome = { promise: undefined, resolve: resolve as Outcome['resolve'], reject }
    this.#task.observed = true
    return new Passed(this) as unknown as Promise<A | B>
  }

  #promise(): Promise<unknown> {
    const passed = this.#outcome
    if (passed?.promise !== undefined) return passed.promise
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    this.#outcome = { promise, resolve, reject }
    attempt(() => passed?.resolve(promise))
    return promise
  }
}

/** Where the outcome of a task goes: to a native promise of the handle, or straight to the promise of the only `await`. */
interface Outcome {
  readonly promise: Promise<unknown> | undefined
  readonly resolve: (value: unknown) => unknown
  readonly reject: (reason: unknown) => unknown
}

/** What `then` gives the engine, which does not look at it. Others may: it fulfils once the task has ended. */
class Passed implements PromiseLike<undefined> {
  readonly #handle: TaskPromise<unknown>

  static {
    Object.setPrototypeOf(Passed.prototype, Promise.prototype)
  }

  constructor(handle: TaskPromise<unknown>) {
    this.#handle = handle
  }

  then<A = undefined, B = never>(
    onFulfilled?: ((value: undefined) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const ended = () => undefined
    return this.#handle.then(ended, ended).then(onFulfilled, onRejected)
  }
}

function settle({ resolve, reject }: Omit<Outcome, 'promise'>, task: HandledTask | SharedTask): void {
  try {
    if (task.status === 'done') resolve(task.outcome)
    else reject(task.failure())
  } catch {
    // Only a proxy that passes for one of the engine's functions throws: nobody waits for what it says.
  }
}

const ENGINES = sourceOfReaction()

/* @__NO_SIDE_EFFECTS__ */ function sourceOfReaction(): string {
  let source = ''
  // Not by `withResolvers`: the command says on an old Node as well what it needs, and does not fail while it loads.
  new Promise(resolve => {
    source = Function.prototype.toString.call(resolve)
  })
  return source
}

/** Whether it is one of the functions that settle a promise, as `await` and the combinators hand in: they have no name. */
function isEngines(reaction: unknown): reaction is (value: unknown) => void {
  if (typeof reaction !== 'function' || Function.prototype.toString.call(reaction) !== ENGINES) return false
  // A bound function, as `console.log` is one, has no source either, but a name; and a proxy of one may throw.
  try {
    return reaction.name === ''
  } catch {
    return false
  }
}
