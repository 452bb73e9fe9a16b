import { ensure, type Operation, scoped } from 'effection'
import { attempt } from '../base/attempt.ts'
import { startTimer, type Timer } from '../base/clock.ts'
import { ScopeEndedError, TaskCancelledError, TaskGroupError, TaskTimeoutError } from '../base/errors.ts'
import { followSignal } from '../base/follow-signal.ts'
import { type KeptError, keepingError, throwKept } from '../base/operation.ts'
import { abortSignal, boolean, duration, type Known, knownOptions, runnable } from '../base/options.ts'
import { untilPromise, yielded } from '../base/yielded.ts'
import { watch } from '../task/cancel.ts'
import { currentTask, surroundingTask } from '../task/current.ts'
import { Wait } from '../task/deadlock/wait.ts'
import { TaskPromise } from '../task/handle.ts'
import { type HandledTask, type SharedTask, taskItself } from '../task/handled-task.ts'
import type { SpawnOptions } from '../task/spawn-settings.ts'
import type { Outcome, TaskContext, TaskHandle, Work } from '../task/types.ts'

/** How {@link TaskManager.scope} goes. */
export interface ScopeOptions {
  /** Milliseconds for everything, from the call on; past it the scope is aborted with `TaskTimeoutError`. @default Infinity */
  readonly deadline?: number
  /** Aborting it aborts the scope, which then rejects with its reason; so does the signal of a task around. */
  readonly signal?: AbortSignal
  /** `false`: a task that fails ends nothing, and its failure stays with its handle. @default true */
  readonly failFast?: boolean
}

const SCOPE_OPTIONS: Known<ScopeOptions> = { deadline: true, signal: true, failFast: true }

/** What a scope settles as: a promise, and for `yield*` an operation, which aborts the scope when it is halted. */
export type Scoped<T> = Promise<T> & Operation<T>

/** Where tasks live that must not outlive a block of code: see {@link TaskManager.scope}. */
export interface TaskScope {
  /** Aborted by the first failure, the deadline, the signal of the options, or that of a task around; its reason is that error. */
  readonly signal: AbortSignal
  /**
   * Spawns a task of the manager that ends with the scope. In a scope that was aborted it never starts. Throws what
   * `manager.spawn` throws, and `ScopeEndedError` once the scope has ended.
   */
  spawn<R>(work: (task: TaskContext) => R, options?: SpawnOptions<NoInfer<Outcome<R>>>): TaskHandle<Outcome<R>>
  spawn<T>(work: Work<T>, options?: SpawnOptions<NoInfer<T>>): TaskHandle<T>
  /** A scope within: it ends before this one, and is aborted with it. What it throws is not yet a failure of this one. */
  scope<T>(body: (scope: TaskScope) => T | PromiseLike<T>, options?: ScopeOptions): Scoped<T>
}

/** What a scope needs of its manager. */
export interface ScopeHost {
  spawn(work: Work<unknown>, options?: SpawnOptions): TaskHandle<unknown>
  /** Milliseconds that a body is waited for which does not hear that its scope was aborted. */
  readonly cleanupTimeout: number
}

/** Runs `body` in a new scope. */
export function runScope<T>(
  host: ScopeHost,
  body: (scope: TaskScope) => T | PromiseLike<T>,
  options: ScopeOptions | undefined,
  parent?: OpenScope,
): Scoped<T> {
  runnable('body', body)
  const known = knownOptions('options', options, SCOPE_OPTIONS) ?? {}
  const scope = new OpenScope(
    host,
    boolean('failFast', known.failFast ?? true),
    known.deadline === undefined ? Number.POSITIVE_INFINITY : duration('deadline', known.deadline),
  )
  const task = surroundingTask()
  if (task !== undefined) scope.follow(task.signal)
  if (parent !== undefined) scope.follow(parent.signal)
  if (known.signal !== undefined) scope.follow(abortSignal('signal', known.signal))
  const result = scope.run(body)
  parent?.hold(result)
  // Of its own, so that a failure which nobody awaits is not taken for seen because the scope around waits.
  return asOperation(
    result.then(value => value),
    scope,
  )
}

/** Those that are being aborted: the ones within take their turn, as a thousand of them in each other would be deep. */
const aborting: OpenScope[] = []

class OpenScope implements TaskScope {
  readonly #host: ScopeHost
  readonly #failFast: boolean
  readonly #controller = new AbortController()
  /** Those whose work has not stopped. */
  readonly #tasks = new Map<HandledTask | SharedTask, TaskHandle<unknown>>()
  readonly #inner = new Set<Promise<void>>()
  readonly #failures: unknown[] = []
  /** What ends with the scope: its timer, the signals that it follows. */
  readonly #releases: (() => void)[] = []
  #ended = false
  #aborted: { readonly reason: unknown; readonly fromOutside: boolean } | undefined

  constructor(host: ScopeHost, failFast: boolean, deadline: number) {
    this.#host = host
    this.#failFast = failFast
    const timer = startTimer(deadline, () => {
      this.abort(new TaskTimeoutError(`the scope took longer than its deadline of ${deadline} ms`, deadline))
    })
    this.#releases.push(() => timer.cancel())
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  follow(signal: AbortSignal): void {
    this.#releases.push(followSignal(signal, reason => this.stop(reason)))
  }

  spawn(work: Work<unknown>, options?: SpawnOptions): TaskHandle<never> {
    this.#refuseIfEnded()
    const aborted = this.#aborted
    const handle = this.#host.spawn(work, aborted ? { ...options, startNow: false } : options)
    const task = TaskPromise.taskOf(handle) as HandledTask | SharedTask
    this.#tasks.set(task, handle)
    const ended = () => {
      if (task.status === 'failed' && this.#failFast) this.#fail(handle.exception())
      // Past its timeout a task has ended while its work may yet run.
      void handle.cancel().then(() => this.#tasks.delete(task))
    }
    watch(task, ended, !this.#failFast)
    if (aborted) void handle.cancel(aborted.reason)
    return handle as TaskHandle<never>
  }

  scope<T>(body: (scope: TaskScope) => T | PromiseLike<T>, options?: ScopeOptions): Scoped<T> {
    this.#refuseIfEnded()
    return runScope(this.#host, body, options, this)
  }

  /** Has this scope end after `inner` has settled. */
  hold(inner: Promise<unknown>): void {
    const ended = () => void this.#inner.delete(settled)
    const settled: Promise<void> = inner.then(ended, ended)
    this.#inner.add(settled)
  }

  /** Aborts it for a reason from outside. */
  stop(reason: unknown): void {
    this.abort(reason, true)
  }

  /** Whether an error that the scope has ended with is more than that it was stopped. */
  hasFailedWith(error: unknown): boolean {
    return this.#aborted?.fromOutside !== true || this.#aborted.reason !== error
  }

  /** Tells everything in the scope to stop. What comes after that is no news. */
  abort(reason: unknown, fromOutside = false): void {
    if (this.#aborted !== undefined || this.#ended) return
    this.#aborted = { reason, fromOutside }
    this.#failures.push(reason)
    aborting.push(this)
    if (aborting.length > 1) return
    for (const scope of aborting) scope.#tell()
    aborting.length = 0
  }

  #tell(): void {
    const reason = this.#aborted?.reason
    this.#controller.abort(reason)
    for (const handle of this.#tasks.values()) void handle.cancel(reason)
  }

  async run<T>(body: (scope: TaskScope) => T | PromiseLike<T>): Promise<T> {
    let value: T | undefined
    try {
      if (this.#aborted === undefined) value = await this.#unlessDeaf(body(this))
    } catch (error) {
      this.#fail(error)
    }
    while (this.#tasks.size > 0 || this.#inner.size > 0) {
      await this.#untilEnded([...this.#tasks.keys()]).catch(error => this.#fail(error))
      await Promise.all([...this.#tasks.values()].map(handle => handle.done() && handle.cancel()))
      await Promise.all(this.#inner)
    }
    this.#ended = true
    for (const release of this.#releases) release()
    if (this.#failures.length === 0) return value as T
    if (this.#failures.length === 1) throw this.#failures[0]
    throw new TaskGroupError(`${this.#failures.length} parts of a scope failed`, this.#failures)
  }

  #refuseIfEnded(): void {
    if (this.#ended) throw new ScopeEndedError('the scope has ended: nothing may start in it that would outlive it')
  }

  #fail(error: unknown): void {
    if (this.#aborted === undefined) this.abort(error)
    else if (!this.#isEcho(error)) this.#failures.push(error)
  }

  /** Whether an error is how something says that the scope was aborted. */
  #isEcho(error: unknown): boolean {
    const reason = this.#aborted?.reason
    if (this.#failures.includes(error)) return true
    return (
      attempt(() => {
        const { name, cause } = error as Error
        return name === 'AbortError' || (error instanceof TaskCancelledError && cause === reason)
      }) ?? false
    )
  }

  /** What the body comes to; nothing if it does not hear that the scope was aborted, for as long as a task would have. */
  async #unlessDeaf<T>(body: T | PromiseLike<T>): Promise<T | undefined> {
    let timer: Timer | undefined
    let unlink = () => {}
    const deaf = new Promise<undefined>(resolve => {
      // Calls back at once where the body has aborted before it returned.
      unlink = followSignal(this.signal, () => {
        timer = startTimer(this.#host.cleanupTimeout, () => resolve(undefined))
      })
    })
    try {
      return await Promise.race([body, deaf])
    } finally {
      unlink()
      timer?.cancel()
    }
  }

  /** Waits as a task does that awaits them, if one does, so that a knot is found. */
  #untilEnded(tasks: readonly (HandledTask | SharedTask)[]): Promise<void> {
    const waiter = currentTask.getStore()
    return new Promise((resolve, reject) => {
      const awaited = tasks.filter(task => !task.ended)
      if (awaited.length === 0) return resolve()
      const waits = waiter !== undefined && !waiter.ended
      const wait = waits ? Wait.begin(waiter, awaited.map(taskItself), 'await', reject) : undefined
      let left = awaited.length
      for (const task of awaited) {
        const ended = () => {
          left -= 1
          if (left > 0) return
          wait?.end()
          resolve()
        }
        watch(task, ended, true)
      }
    })
  }
}

function asOperation<T>(promise: Promise<T>, scope: OpenScope): Scoped<T> {
  let settled = false
  let failure: KeptError['thrown']
  const ended = promise.then(
    () => {
      settled = true
    },
    error => {
      settled = true
      failure = { error }
    },
  )
  function* awaiting(kept: KeptError): Operation<T> {
    yield* ensure(function* () {
      if (settled) return
      scope.stop(new TaskCancelledError('the operation that waits for the scope was halted'))
      yield* untilPromise(ended)
      // As a cleanup that fails: nobody else will hear of it.
      if (failure !== undefined && scope.hasFailedWith(failure.error)) kept.thrown = failure
    })
    return yield* untilPromise(promise)
  }
  function* steps(): Operation<T> {
    const kept: KeptError = {}
    try {
      return (yield* scoped(() => keepingError(awaiting(kept), kept))) as T
    } finally {
      throwKept(kept)
    }
  }
  const iterator = () => yielded(() => 'a scope', steps())
  return Object.defineProperty(promise, Symbol.iterator, { value: iterator }) as Scoped<T>
}
