import { startTimer } from '../../base/clock.ts'
import type { TaskManager } from '../../manager/task-manager.ts'
import type { Supervisor } from '../../scheduler/supervisor.ts'
import { spawnSettings } from '../../task/spawn-settings.ts'
import type { TaskContext, TaskHandle } from '../../task/types.ts'
import { concurrency as checkedLimit, expected } from '../shared/expect.ts'
import { startGround } from '../shared/start.ts'
import { type Options, priorityOf, type QueueAddOptions, rateOf, refuseQueueClass, timeoutOf } from './options.ts'
import { CLEARED, call, type Fn, failureOf, type RunningTask, runningTask, TimeoutError, type Told } from './outcome.ts'
import { QueueEvents } from './queue-events.ts'
import { StartRate } from './start-rate.ts'

type Results<F extends readonly Fn<unknown>[]> = { -readonly [I in keyof F]: Awaited<ReturnType<F[I]>> }

/**
 * The face of p-queue 10: `import PQueue from 'taskscope/compat/p-queue'`.
 *
 * Better: a task that ran out of time or was aborted keeps its slot until it has stopped, for a second at most, so that no
 * more than `concurrency` run; if it reads its signal, `add` rejects when it has stopped. Adding, taking out and
 * `setPriority` cost the logarithm of the queue's length, whatever the priorities. `onIdle()` inside a task, which would wait
 * for itself, rejects with a `DeadlockError`. The event loop has a turn at least every 10 ms. Rates go by the monotonic clock.
 *
 * Different: there is no `queueClass` and no `PriorityQueue`; the signal that a task gets is its own, and not the one that `add` got.
 *
 * ```ts
 * const queue = new PQueue({ concurrency: 2 })
 * const page = await queue.add(({ signal }) => fetch(url, { signal }), { timeout: 5_000 })
 * ```
 */
export class PQueue extends QueueEvents {
  readonly #manager: TaskManager
  readonly #supervisor: Supervisor
  readonly #rate: StartRate | undefined
  readonly #timeouts = new WeakMap<TaskHandle<unknown>, number>()
  readonly #zeroWaiters: (() => void)[] = []
  #timeout: number | undefined
  #paused: boolean
  #lastId = 0
  #working = 0
  /** 1 while the last function to end, whose slot is taken yet, has it told that none runs. */
  #leaving = 0

  /** Throws `TypeError` for wrong options. */
  constructor(options: Options = {}) {
    super()
    refuseQueueClass(options)
    const rate = rateOf(options)
    this.#timeout = timeoutOf(options.timeout)
    this.#paused = options.autoStart === false
    const { manager, supervisor } = startGround({
      name: 'p-queue',
      maxTasks: checkedLimit('concurrency', options.concurrency ?? Number.POSITIVE_INFINITY),
      autoStart: !this.#paused,
    })
    this.#manager = manager
    this.#supervisor = supervisor
    if (rate === undefined) return
    const changed = (limited: boolean) => this.emit(limited ? 'rateLimit' : 'rateLimitCleared')
    this.#rate = new StartRate(rate, this, () => this.#go(), changed)
  }

  /** Adds a task. Gives its result; rejects with what it threw, the reason of the signal, or a {@link TimeoutError}. */
  add<R>(fn: Fn<R>, options: QueueAddOptions = {}): Promise<Awaited<R>> {
    const outcome = new Promise<Awaited<R>>((resolve, reject) => {
      const timeout = 'timeout' in options ? timeoutOf(options.timeout) : this.#timeout
      const { priority, id = String(++this.#lastId), signal } = options
      if (typeof fn !== 'function') throw expected('fn', 'a function', fn)
      const told: Told = { timeout, signal: signal ?? undefined }
      const settings = spawnSettings({
        name: id,
        priority: priorityOf(priority ?? 0),
        ...(signal != null && { signal }),
      })
      const work = (context: TaskContext) => this.#run(fn, context, handle, told)
      const task = this.#supervisor.scheduler.spawn(work, settings)
      const handle = task.handle
      if (timeout !== undefined) this.#timeouts.set(handle, timeout)
      handle.then(
        value => {
          told.timer?.cancel()
          resolve(value as Awaited<R>)
          this.#ended()
        },
        error => {
          told.timer?.cancel()
          const failure = failureOf(handle, error)
          const { attempt, cancelReason } = handle.record()
          if (attempt > 0 && !told.error) this.emit('error', failure)
          reject(failure)
          // What `clear` did is told by itself.
          if (cancelReason === CLEARED) outcome.catch(() => {})
          else this.#ended()
        },
      )
      this.emit('add')
      this.#rate?.wanted()
      this.#supervisor.scheduler.startAtOnce(task)
    })
    return outcome
  }

  /** Adds several, and gives all results in their order. */
  addAll<const F extends readonly Fn<unknown>[]>(fns: F, options?: QueueAddOptions): Promise<Results<F>> {
    return Promise.all(Array.from(fns, fn => this.add(fn, { ...options }))) as Promise<Results<F>>
  }

  /** Goes on after `pause`, or begins with `autoStart: false`. */
  start(): this {
    this.#paused = false
    this.#go()
    return this
  }

  /** Starts no more tasks; those that run go on. */
  pause(): void {
    this.#paused = true
    this.#manager.pause()
  }

  /** Takes out all that waits: their promises reject with an `AbortError`, which need not be handled. */
  clear(): void {
    if (this.size === 0) return
    void this.#manager.cancelPending(CLEARED)
    this.#tellEmptyAndIdle()
    this.emit('next')
    this.#rate?.tell()
  }

  /** Changes the priority of a task that waits. Throws `ReferenceError` when none has that id, `TypeError` for no number. */
  setPriority(id: string, priority: number): void {
    if (!Number.isFinite(priority)) throw expected('priority', 'a finite number', priority)
    const handle = this.#manager.handles('pending').find(({ name }) => name === id)
    if (handle === undefined) throw new ReferenceError(`No promise function with the id "${id}" exists in the queue.`)
    handle.priority = priority
  }

  /** Resolves when nothing waits. */
  async onEmpty(): Promise<void> {
    await this.onSizeLessThan(1)
  }

  /** Resolves when fewer than `limit` tasks wait. */
  async onSizeLessThan(limit: number): Promise<void> {
    if (this.size >= limit) await this.#manager.whenPendingBelow(Math.max(1, Math.ceil(limit)))
  }

  /** Resolves when nothing waits and nothing runs. */
  async onIdle(): Promise<void> {
    if (this.size > 0 || this.pending > 0) await this.#manager.drain()
  }

  /** Resolves when nothing runs. */
  async onPendingZero(): Promise<void> {
    if (this.pending > 0) await new Promise<void>(resolve => this.#zeroWaiters.push(resolve))
  }

  /** Resolves when tasks wait because of `intervalCap`. */
  async onRateLimit(): Promise<void> {
    if (!this.isRateLimited) await this.once('rateLimit')
  }

  /** Resolves when none does. */
  async onRateLimitCleared(): Promise<void> {
    if (this.isRateLimited) await this.once('rateLimitCleared')
  }

  /** Rejects with the error of the next task that fails. */
  async onError(): Promise<never> {
    const { detail } = await this.once('error')
    throw detail
  }

  /** How many tasks wait. */
  get size(): number {
    return this.#manager.stats().pending
  }

  /** How many tasks of this priority wait. */
  sizeBy({ priority }: Pick<QueueAddOptions, 'priority'>): number {
    return this.#manager.handles('pending').filter(handle => handle.priority === priority).length
  }

  /** How many tasks run, those included that were told to stop and have not. */
  get pending(): number {
    return this.#supervisor.scheduler.slotsTaken - this.#leaving
  }

  get timeout(): number | undefined {
    return this.#timeout
  }

  /** Of the tasks that are added from now on. */
  set timeout(timeout: number | undefined) {
    this.#timeout = timeoutOf(timeout)
  }

  get concurrency(): number {
    return this.#manager.maxTasks
  }

  set concurrency(concurrency: number) {
    const maxTasks = checkedLimit('concurrency', concurrency)
    this.#startNow(() => {
      this.#manager.maxTasks = maxTasks
    })
  }

  get isPaused(): boolean {
    return this.#paused
  }

  /** Whether tasks wait because of `intervalCap`. */
  get isRateLimited(): boolean {
    return this.#rate?.limited === true
  }

  /** Whether tasks wait because of `concurrency` or `intervalCap`. */
  get isSaturated(): boolean {
    return (this.pending >= this.concurrency && this.size > 0) || this.isRateLimited
  }

  /** The tasks that run. */
  get runningTasks(): readonly RunningTask[] {
    return this.#manager.handles('running').map(handle => runningTask(handle, this.#timeouts.get(handle)))
  }

  async #run<R>(fn: Fn<R>, task: TaskContext, handle: TaskHandle<unknown>, told: Told): Promise<Awaited<R>> {
    const { timeout, signal } = told
    this.#working += 1
    this.#rate?.started()
    if (this.#rate?.closed) this.#manager.pause()
    if (timeout !== undefined) {
      const over = () => void handle.cancel(new TimeoutError(`Task timed out after ${timeout}ms`))
      told.timer = startTimer(timeout, over)
    }
    const outcome = call(
      fn,
      timeout === undefined && signal === undefined
        ? {}
        : {
            get signal() {
              return task.signal
            },
          },
    )
    this.emit('active')
    this.#rate?.note()
    try {
      const value = await outcome
      if (handle.status === 'running') this.emit('completed', value)
      return value
    } catch (error) {
      if (handle.status === 'running') {
        told.error = true
        this.emit('error', error)
      }
      throw error
    } finally {
      this.#workEnded()
    }
  }

  #go(): void {
    this.#rate?.note()
    if (this.#paused || this.#rate?.closed) return
    this.#startNow(() => this.#manager.resume())
  }

  #startNow(change: () => void): void {
    const waited = this.size > 0
    change()
    this.#supervisor.scheduler.startNow()
    if (waited) this.#tellEmptyAndIdle()
  }

  /** Before the next takes the slot: what waits does not keep it from being told. */
  #workEnded(): void {
    this.#working -= 1
    if (this.#working > 0) return
    this.#leaving = 1
    this.emit('pendingZero')
    for (const tell of this.#zeroWaiters.splice(0)) tell()
    this.#leaving = 0
  }

  /** A task has ended, and the next has started if there was one. */
  #ended(): void {
    this.#tellEmptyAndIdle()
    this.emit('next')
    this.#rate?.note()
  }

  #tellEmptyAndIdle(): void {
    if (this.size > 0) return
    this.emit('empty')
    if (this.size === 0 && this.pending === 0) this.emit('idle')
  }
}
