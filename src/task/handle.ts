import type { Effect } from 'effection'
import { TaskNotFinishedError } from '../errors.ts'
import { INSPECT, type Inspection, inspected } from '../inspect.ts'
import { untilSettled } from '../operation.ts'
import { knownOptions, ordering } from '../options.ts'
import { isLimited, WAIT_OPTIONS, waitLimit, waitWithin } from '../wait-limit.ts'
import { yielded } from '../yielded.ts'
import { cancelTask } from './cancel.ts'
import { currentTask } from './current.ts'
import { recordOf } from './record.ts'
import type { Task } from './task.ts'
import type { TaskHandle, TaskRecord, TaskStatus, WaitOptions } from './types.ts'
import { forgetWait, noteWait, selfWait } from './wait-graph.ts'
import { watch } from './watch.ts'

const ACCEPTED = Promise.resolve()
const noop = () => {}

/** The last executed executor's functions: `super(capture)` runs it before `this` can be touched. */
let resolveCaptured: (value: never) => void = noop
let rejectCaptured: (error: unknown) => void = noop
const capture = (resolve: (value: never) => void, reject: (error: unknown) => void) => {
  resolveCaptured = resolve
  rejectCaptured = reject
}

/** Set while our own `then` runs the built-in one, whose look at `constructor` is not an await. */
let registering = false

/**
 * The handle of a task. A real promise, so that `await` and `Promise.all` take the engine's fast path (a thenable costs
 * four times as much), but one that learns when it is looked at:
 *
 * - `await handle` and the combinators read `handle.constructor` to see whether they may use the promise as it is
 *   (PromiseResolve, ECMA-262 27.2.4.7.1). The getter marks the task as observed and refuses to await itself.
 * - `then`, and through it `catch`, is overridden.
 *
 * So an outcome settles the promise only once somebody looks: an unobserved failure is never an unhandled rejection, and
 * goes to `onError` instead.
 */
export class TaskPromise<T> extends Promise<T> implements TaskHandle<T> {
  readonly #task: Task
  readonly #resolve: (value: T) => void
  readonly #reject: (error: unknown) => void

  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  static {
    Object.defineProperty(TaskPromise.prototype, 'constructor', {
      configurable: true,
      get(this: TaskPromise<unknown>) {
        if (#task in this && !registering) this.#await()
        return Promise
      },
    })
  }

  constructor(task: Task) {
    super(capture as (resolve: (value: T | PromiseLike<T>) => void, reject: (error: unknown) => void) => void)
    this.#task = task
    this.#resolve = resolveCaptured as (value: T) => void
    this.#reject = rejectCaptured
    // Else they would pin the latest handle, and with it its manager, for good.
    resolveCaptured = rejectCaptured = noop
  }

  /** The task of a handle, `undefined` for anything else. */
  static taskOf(value: unknown): Task | undefined {
    return typeof value === 'object' && value !== null && #task in value
      ? (value as TaskPromise<unknown>).#task
      : undefined
  }

  /** Settles the promise of a handle with a result. */
  static fulfil<T>(handle: TaskPromise<T>, value: T): void {
    handle.#resolve(value)
  }

  /** Settles the promise of a handle with a failure; whoever only looked at it causes no unhandled rejection. */
  static fail(handle: TaskPromise<unknown>, error: unknown): void {
    handle.#reject(error)
    handle.#register(undefined, noop)
  }

  get id(): number {
    return this.#task.id
  }

  get name(): string {
    return this.#task.name
  }

  get priority(): number {
    return this.#task.priority
  }

  set priority(value: number) {
    this.#task.owner.prioritise(this.#task, ordering('priority', value))
  }

  get status(): TaskStatus {
    return this.#task.status
  }

  get accepted(): Promise<void> {
    const task = this.#task
    return task.extras?.entry?.accepted(task) ?? ACCEPTED
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
      throw new TaskNotFinishedError(`${task.label} is ${task.status}: await it before asking how it ended`)
    }
    task.observe()
    return task.status === 'done' ? undefined : task.failure()
  }

  cancel(reason?: unknown): Promise<boolean> {
    return cancelTask(this.#task, reason)
  }

  async wait(options?: WaitOptions): Promise<T> {
    const limit = waitLimit(knownOptions('options', options, WAIT_OPTIONS))
    if (!isLimited(limit)) return await this
    const task = this.#task
    if (currentTask.getStore() === task && !task.ended) throw selfWait(task)
    await waitWithin<void>(limit, `waiting for ${task.label}, which goes on,`, resolve => watch(task, resolve))
    return this.result()
  }

  record(): TaskRecord {
    return recordOf(this.#task)
  }

  /** A task's own handle can't be listened to from inside; any other may, without being waited for. */
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const task = this.#task
    const waiter = currentTask.getStore()
    if (waiter !== undefined && !task.ended) {
      if (waiter === task) return Promise.reject(selfWait(task)).then(onFulfilled, onRejected)
      forgetWait(waiter, task)
    }
    task.observe()
    return this.#register(onFulfilled, onRejected)
  }

  override finally(onFinally?: (() => void) | null): Promise<T> {
    registering = true
    try {
      return super.finally(onFinally)
    } finally {
      registering = false
    }
  }

  /** What `yield*` goes through. */
  [Symbol.iterator](): Iterator<Effect<unknown>, T, unknown> {
    return yielded(() => `the handle of ${this.#task.label}`, this.#steps())
  }

  *#steps(): Generator<Effect<unknown>, T, unknown> {
    this.#await()
    return yield* untilSettled(this.#register())
  }

  /** @internal Looking at it this way observes nothing. */
  [INSPECT](...inspection: Inspection): string {
    const { id, settings, status, outcome } = this.#task
    const { name } = settings
    const ending = { ...(status === 'done' && { result: outcome }), ...(status === 'failed' && { error: outcome }) }
    return inspected('TaskHandle', { id, ...(name !== undefined && { name }), status, ...ending }, ...inspection)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await cancelTask(this.#task)
  }

  #await(): void {
    const waiter = currentTask.getStore()
    if (waiter !== undefined) noteWait(waiter, this.#task)
    this.#task.observe()
  }

  #register<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    registering = true
    try {
      return super.then(onFulfilled, onRejected)
    } finally {
      registering = false
    }
  }
}
