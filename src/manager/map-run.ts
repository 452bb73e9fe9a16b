import { DeadlockError } from '../errors.ts'
import { followSignal } from '../follow-signal.ts'
import { guardedCall } from '../guarded-call.ts'
import type { AsyncContext } from '../platform.ts'
import { cancelTask } from '../task/cancel.ts'
import { currentTask } from '../task/current.ts'
import type { SpawnSettings } from '../task/spawn-settings.ts'
import type { Task } from '../task/task.ts'
import { isStuck, noteWait } from '../task/wait-graph.ts'
import type { Scheduler } from './scheduler.ts'
import type { MapOptions } from './types.ts'

/** The options of a map, checked and with their defaults. */
export interface MapSettings {
  readonly spawn: SpawnSettings
  readonly buffer: number | undefined
  readonly ordered: boolean
  readonly collect: boolean
  readonly progress: MapOptions['progress']
}

/** What a map needs of its manager. */
export interface MapHost<I> {
  readonly scheduler: Scheduler
  /** Makes the task of one item. */
  spawn(item: I, index: number): Task
  /** The task of an item has ended; must not throw. */
  ended?(task: Task): void
}

type Source<I> = Iterator<I> | AsyncIterator<I>

/** One loop over the results of a map: pulls the input, keeps at most `buffer` items between input and loop. */
export class MapRun<I> {
  readonly #host: MapHost<I>
  readonly #items: Iterable<I> | AsyncIterable<I>
  readonly #settings: MapSettings
  /** Work is started when a result is taken or another task ends, but always in the context of the call of `map`. */
  readonly #context: AsyncContext

  #source: Source<I> | undefined
  /** The tasks whose results were not taken yet: in the order of the input, or, unordered, those that have ended. */
  #line: Task[] = []
  #head = 0
  /** What has not ended, where the line does not tell. */
  readonly #flying = new Set<Task>()
  #outstanding = 0
  #index = 0
  #completed = 0
  #pulling = false
  /** Nothing more is to be pulled. */
  #exhausted = false
  /** The input has ended by itself or thrown: it needs no closing. */
  #inputEnded = false
  #failure: { readonly error: unknown } | undefined
  #wake: () => void = () => {}
  #unlink: () => void = () => {}

  constructor(host: MapHost<I>, items: Iterable<I> | AsyncIterable<I>, settings: MapSettings, context: AsyncContext) {
    this.#host = host
    this.#items = items
    this.#settings = settings
    this.#context = context
  }

  /** The next result, if there is one by now. Throws what ends the loop. */
  take(): { readonly value: unknown } | undefined {
    this.#pull()
    if (this.#failure !== undefined) throw this.#failure.error
    const task = this.#line[this.#head]
    if (task === undefined || !task.ended) return undefined
    this.#shift()
    this.#outstanding -= 1
    if (task.status === 'done') return { value: task.outcome }
    if (this.#settings.collect) return { value: task.failure() }
    throw task.failure()
  }

  /** The next result; `undefined` after the last. */
  async next(): Promise<{ readonly value: unknown } | undefined> {
    for (;;) {
      const ready = this.take()
      if (ready !== undefined) return ready
      if (this.#exhausted && this.#outstanding === 0) return undefined
      this.#refuseDeadlock()
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  /** Cancels what still runs, waits until it has stopped, and closes the input if it was left early. */
  async end(): Promise<void> {
    this.#unlink()
    this.#exhausted = true
    const started = this.#settings.ordered ? this.#line.slice(this.#head) : [...this.#flying]
    await Promise.all(started.map(task => cancelTask(task)))
    if (this.#inputEnded) return
    const closing = this.#source?.return?.()
    if (!this.#pulling) return void (await closing)
    Promise.resolve(closing).catch(error => this.#host.scheduler.report.log(error, 'closing the input of a map failed'))
  }

  #shift(): void {
    this.#head += 1
    if (this.#head < 1024 || this.#head * 2 < this.#line.length) return
    this.#line = this.#line.slice(this.#head)
    this.#head = 0
  }

  #pull(): void {
    if (!this.#exhausted && !this.#pulling) this.#context.runInAsyncScope(this.#pullMore, this)
  }

  #pullMore(): void {
    const { scheduler } = this.#host
    try {
      const source = (this.#source ??= this.#open())
      while (!this.#exhausted && this.#outstanding < (this.#settings.buffer ?? scheduler.maxTasks)) {
        if (!scheduler.hasRoom) return scheduler.whenRoom(() => this.#pull())
        const step = this.#step(source)
        if (isPromiseLike(step)) return this.#pullLater(step)
        this.#accept(step)
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  #step(source: Source<I>): ReturnType<Source<I>['next']> {
    try {
      return source.next()
    } catch (error) {
      this.#inputEnded = true
      throw error
    }
  }

  #open(): Source<I> {
    const { signal } = this.#settings.spawn
    if (signal !== undefined) this.#unlink = followSignal(signal, reason => this.#fail(reason))
    if (this.#failure !== undefined) throw this.#failure.error
    const items = this.#items as Partial<Iterable<I> & AsyncIterable<I>>
    return (items[Symbol.asyncIterator]?.() ?? items[Symbol.iterator]?.()) as Source<I>
  }

  #pullLater(step: PromiseLike<IteratorResult<I>>): void {
    this.#pulling = true
    step.then(
      result => {
        this.#pulling = false
        try {
          if (!this.#exhausted) this.#accept(result)
        } catch (error) {
          this.#fail(error)
        }
        this.#pull()
        this.#wake()
      },
      error => {
        this.#pulling = false
        this.#inputEnded = true
        this.#fail(error)
      },
    )
  }

  #fail(error: unknown): void {
    this.#exhausted = true
    this.#failure ??= { error }
    this.#wake()
  }

  #accept(step: IteratorResult<I>): void {
    if (step.done === true) {
      this.#exhausted = this.#inputEnded = true
      return
    }
    const task = this.#host.spawn(step.value, this.#index)
    this.#index += 1
    this.#outstanding += 1
    task.observed = true
    if (this.#settings.ordered) this.#line.push(task)
    else this.#flying.add(task)
    if (task.ended) this.#ended(task)
    else task.more().onEnd = this.#ended
  }

  readonly #ended = (task: Task): void => {
    if (!this.#settings.ordered) {
      this.#flying.delete(task)
      this.#line.push(task)
    }
    this.#completed += 1
    this.#host.ended?.(task)
    this.#tellProgress()
    this.#pull()
    this.#wake()
  }

  #tellProgress(): void {
    const { progress } = this.#settings
    if (progress === undefined) return
    guardedCall(
      () => {
        const total = knownLength(this.#items)
        return progress({ completed: this.#completed, ...(total !== undefined && { total }) })
      },
      error => this.#host.scheduler.report.log(error, 'the progress function of a map threw'),
    )
  }

  /** A task that waits for results which can't come, because it holds a slot that they need. */
  #refuseDeadlock(): void {
    const waiter = currentTask.getStore()
    if (waiter === undefined || waiter.ended) return
    const first = this.#line[this.#head]
    if (this.#settings.ordered && first !== undefined) return noteWait(waiter, first)
    if (this.#flying.size > 0 && [...this.#flying].every(task => isStuck(task, waiter))) {
      throw new DeadlockError(
        `${waiter.label} maps over items in the manager it runs in, which has no slot left for them`,
      )
    }
  }
}

function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as Partial<PromiseLike<T>>).then === 'function'
}

function knownLength(items: object): number | undefined {
  const { length, size } = items as { readonly length?: unknown; readonly size?: unknown }
  return typeof length === 'number' ? length : typeof size === 'number' ? size : undefined
}
