import type { TaskManager } from '../../manager/task-manager.ts'
import type { Supervisor } from '../../scheduler/supervisor.ts'
import type { TaskHandle } from '../../task/types.ts'
import { startGround } from '../shared/start.ts'
import type { done, errorHandler, queue, worker } from './types.ts'

const noop = () => {}

/** What waits or runs. */
interface Job<T, R> {
  readonly value: T
  readonly done: done<R>
  readonly onError: errorHandler<T> | undefined
}

/** The queue behind both faces. Its methods are bound: fastq's can be taken off. */
export class WorkQueue<C, T, R> implements queue<T, R> {
  readonly #manager: TaskManager
  readonly #supervisor: Supervisor
  readonly #context: C
  readonly #worker: worker<C, T, R>
  readonly #jobs = new WeakMap<TaskHandle<unknown>, Job<T, R>>()
  readonly #idleWaiters: (() => void)[] = []
  #onError: errorHandler<T> | undefined
  /** The priority of the one that was put before all others last. */
  #first = 0
  /** How many have not called back; the slots are free a few microtasks after that. */
  #running = 0
  drain: () => unknown = noop
  empty: () => unknown = noop
  saturated: () => unknown = noop

  constructor(context: C, work: worker<C, T, R>, concurrency: number) {
    this.#context = context
    this.#worker = work
    const { manager, supervisor } = startGround(checked(concurrency))
    this.#manager = manager
    this.#supervisor = supervisor
  }

  get concurrency(): number {
    return this.#manager.maxTasks
  }

  set concurrency(value: number) {
    this.#manager.maxTasks = checked(value)
    this.#startNow()
  }

  get paused(): boolean {
    return this.#manager.stats().paused
  }

  push = (value: T, tell: done<R> = noop): void => this.#add({ value, done: tell, onError: this.#onError }, 0)

  unshift = (value: T, tell: done<R> = noop): void => {
    if (this.length() === 0) this.#first = 0
    this.#add({ value, done: tell, onError: this.#onError }, ++this.#first)
  }

  pause = (): void => this.#manager.pause()

  resume = (): void => {
    if (!this.paused) return
    this.#manager.resume()
    this.#startNow()
    if (this.idle()) this.#tellDrained()
  }

  running = (): number => this.#running

  idle = (): boolean => this.running() === 0 && this.length() === 0

  length = (): number => this.#manager.stats().pending

  getQueue = (): T[] => this.#waiting().map(({ value }) => value)

  kill = (): void => {
    void this.#manager.cancelPending()
    this.drain = noop
  }

  killAndDrain = (): void => {
    void this.#manager.cancelPending()
    this.#tellDrained()
    this.drain = noop
  }

  abort = (): void => {
    const waiting = this.#waiting()
    void this.#manager.cancelPending()
    for (const job of waiting) this.#tell(job, new Error('abort'))
    this.drain = noop
  }

  error = (handler: errorHandler<T>): void => {
    this.#onError = handler
  }

  /** Calls back when nothing runs or waits, a turn of the microtasks later if so now. */
  whenIdle(tell: () => void): void {
    this.#idleWaiters.push(tell)
    queueMicrotask(() => {
      if (this.idle()) for (const waiter of this.#idleWaiters.splice(0)) waiter()
    })
  }

  #add(job: Job<T, R>, priority: number): void {
    let waited = false
    const handle = this.#manager.spawn(() => this.#work(job, waited), { priority, startNow: true })
    if (handle.status === 'pending') {
      waited = true
      this.#jobs.set(handle, job)
      if (this.length() === 1) this.saturated()
    }
    // How it ended was told by then; what a callback threw is an uncaught error.
    handle.then(noop, rethrow(handle))
  }

  /** Nothing is waited for where the worker has called back by the time it returns. */
  #work(job: Job<T, R>, waited: boolean): Promise<void> | undefined {
    let over = false
    let resolve = noop
    this.#running += 1
    const worked: done<R> = (error, result) => {
      if (over) return
      over = true
      try {
        this.#tell(job, error, result)
      } finally {
        resolve()
        this.#running -= 1
        if (this.idle()) this.#tellDrained()
      }
    }
    try {
      this.#worker.call(this.#context, job.value, worked)
    } catch (error) {
      if (over) throw error
      worked(error as Error)
    }
    if (waited && this.length() === 0) this.empty()
    if (over) return undefined
    return new Promise(settle => {
      resolve = settle
    })
  }

  #tell({ value, done: tell, onError }: Job<T, R>, error: Error | null, result?: R): void {
    onError?.(error as Error, value)
    tell.call(this.#context, error, result as R)
  }

  #tellDrained(): void {
    this.drain?.()
    for (const waiter of this.#idleWaiters.splice(0)) waiter()
  }

  /** Also what was pushed within this very microtask. */
  #startNow(): void {
    this.#supervisor.scheduler.startNow()
  }

  #waiting(): Job<T, R>[] {
    const handles = this.#manager.handles('pending').sort((a, b) => b.priority - a.priority)
    return handles.flatMap(handle => this.#jobs.get(handle) ?? [])
  }
}

/** Killed tasks are nobody's error. */
function rethrow(handle: TaskHandle<unknown>): (error: unknown) => void {
  return error => {
    if (handle.status === 'failed') throw error
  }
}

function checked(concurrency: number): number {
  if (concurrency >= 1) return Math.floor(concurrency)
  throw new Error('fastqueue concurrency must be equal to or greater than 1')
}
