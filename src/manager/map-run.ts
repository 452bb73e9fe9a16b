import { followSignal } from '../base/follow-signal.ts'
import type { AsyncContext } from '../base/platform.ts'
import { keepResident } from '../base/resident.ts'
import type { RunProgress } from '../progress/types.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import { cancelTask } from '../task/cancel.ts'
import { currentTask } from '../task/current.ts'
import { Wait } from '../task/deadlock/wait.ts'
import { guardedCall } from '../task/guarded-call.ts'
import type { SpawnSettings } from '../task/spawn-settings.ts'
import type { Task } from '../task/task.ts'
import { MapInput, type StepTaker } from './map-input.ts'
import { MapLine } from './map-line.ts'
import type { MapOptions } from './map-options.ts'

/** The options of a map, checked and with their defaults. */
export interface MapSettings {
  readonly spawn: SpawnSettings
  readonly buffer: number | undefined
  readonly ordered: boolean
  readonly onError: NonNullable<MapOptions['onError']>
  readonly progress: ((progress: RunProgress) => unknown) | undefined
}

/** What a map needs of its manager. */
export interface MapHost<I> {
  readonly scheduler: Scheduler
  /** Makes the task of one item, which calls `onEnd` when it has ended. */
  spawn(item: I, index: number, onEnd: (task: Task) => void): Task
  /** The task of an item has ended; must not throw. */
  ended?(task: Task): void
}

/** What the loop gets for one item. */
export interface MapResult {
  /** The item's, counted from 0. */
  readonly index: number
  readonly value: unknown
}

/** Nobody waits: much more often than not, a task ends while the loop is on its way to what has ended before. */
const ASLEEP = () => {}

/** One loop over the results of a map: pulls the input, keeps at most `buffer` items between input and loop. */
export class MapRun<I> implements StepTaker<I> {
  readonly #host: MapHost<I>
  readonly #settings: MapSettings
  readonly #input: MapInput<I>
  /** Work is started when a result is taken or another task ends, but always in the context of the call of `map`. */
  readonly #context: AsyncContext

  readonly #line: MapLine
  #index = 0
  #completed = 0
  #begun = false
  #awaitingRoom = false
  /** Nothing more is to be pulled. */
  #exhausted = false
  #left = false
  #failure: { readonly error: unknown; readonly task?: Task | undefined } | undefined
  /** The task that was started last, for errors that belong to no other. */
  #latest: Task | undefined
  #wake: () => void = ASLEEP
  #unlink: () => void = () => {}

  constructor(host: MapHost<I>, items: Iterable<I> | AsyncIterable<I>, settings: MapSettings, context: AsyncContext) {
    this.#host = host
    this.#settings = settings
    this.#context = context
    this.#input = new MapInput(items, this)
    this.#line = new MapLine(settings.ordered)
  }

  /**
   * The next result, if there is one by now; the place it leaves is filled first, so that work goes on while the loop has
   * it. Throws what ends the loop: a failed task when the results before it that had come by then were taken.
   */
  take(): MapResult | undefined {
    this.#begin()
    if (this.#line.first?.ended !== true) this.#pull()
    const task = this.#line.first
    const ready = task?.ended === true
    const failure = this.#failure
    if (failure !== undefined && (failure.task === undefined || !ready || task.status !== 'done')) throw failure.error
    if (!ready) return undefined
    const index = this.#line.firstIndex
    const value = this.#valueOf(task, index)
    this.#line.shift()
    this.#pull()
    return { index, value }
  }

  #valueOf(task: Task, index: number): unknown {
    const done = task.status === 'done'
    const value = done ? task.outcome : task.failure()
    if (this.#settings.onError !== 'settle') return value
    return done ? { status: 'fulfilled', value, index } : { status: 'rejected', reason: value, index }
  }

  /** Whether the last result was taken. */
  get over(): boolean {
    return this.#exhausted && this.#line.size === 0
  }

  /** Resolves when there may be another result, or none may come any more. */
  changed(): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const wait = this.#beginWait(reject)
      this.#wake = () => {
        this.#wake = ASLEEP
        wait?.end()
        resolve()
      }
    })
  }

  /**
   * Cancels what still runs, waits until it has stopped, and closes the input if it was left early: at once if it is idle,
   * else after the work, which may need what the input has open. What closing fails with is thrown unless the loop ends
   * with another error.
   */
  async end(): Promise<void> {
    this.#unlink()
    this.#exhausted = this.#left = true
    const { cleanupTimeout } = this.#host.scheduler
    const idle = this.#input.stepping
    if (idle) this.#input.close(cleanupTimeout).catch(error => this.#report(error))
    await Promise.all(this.#line.unfinished.map(task => cancelTask(task)))
    if (idle) return
    try {
      await this.#input.close(cleanupTimeout)
    } catch (error) {
      if (this.#failure === undefined) throw error
      this.#report(error)
    }
  }

  #report(error: unknown): void {
    const { report } = this.#host.scheduler
    const task = this.#failure?.task ?? this.#latest
    const message = 'closing the input of a map failed'
    if (task === undefined) report.log(error, message)
    else report.tell(task, error, message)
  }

  #begin(): void {
    if (this.#begun) return
    this.#begun = true
    const { signal } = this.#settings.spawn
    try {
      if (signal !== undefined) this.#unlink = followSignal(signal, reason => this.failed(reason))
    } catch (error) {
      this.failed(error)
    }
  }

  #pull(): void {
    if (this.#mayPull) this.#context.runInAsyncScope(this.#pullMore, this)
  }

  get #mayPull(): boolean {
    const ahead = this.#settings.buffer ?? this.#host.scheduler.maxTasks
    return !this.#exhausted && !this.#input.stepping && this.#line.size < ahead
  }

  #pullMore(): void {
    do {
      if (!this.#host.scheduler.hasRoom) return this.#pullWithRoom()
      this.#input.step()
    } while (this.#mayPull)
  }

  #pullWithRoom(): void {
    if (this.#awaitingRoom) return
    this.#awaitingRoom = true
    this.#host.scheduler.whenRoom(() => {
      this.#awaitingRoom = false
      this.#pull()
    })
  }

  item(value: I): void {
    if (this.#exhausted) return
    try {
      this.#start(value)
    } catch (error) {
      this.failed(error)
    }
  }

  ended(): void {
    this.#exhausted = true
  }

  answered(): void {
    this.#pull()
    this.#wake()
  }

  /**
   * Something ends the loop, with this error unless it ends with another already: nothing else is to start, and what runs
   * is told at once.
   */
  failed(error: unknown, task?: Task): void {
    if (this.#left || this.#failure !== undefined) return
    this.#exhausted = true
    this.#failure = { error, task }
    const rest = this.#line.unfinished
    for (const each of rest) if (each.status === 'pending') each.stop({ kind: 'cancel', reason: error })
    for (const each of rest) each.stop({ kind: 'cancel', reason: error })
    this.#wake()
  }

  #start(value: I): void {
    const task = this.#host.spawn(value, this.#index, this.#ended)
    this.#line.add(task, this.#index)
    this.#index += 1
    this.#latest = task
    task.observed = true
    if (task.ended) this.#hasEnded(task)
  }

  /** One that ends while it is spawned is not observed yet, and has no place in the line. */
  readonly #ended = (task: Task): void => {
    if (task.observed) this.#hasEnded(task)
  }

  #hasEnded(task: Task): void {
    this.#line.ended(task)
    this.#completed += 1
    this.#host.ended?.(task)
    this.#tellProgress()
    if (task.status !== 'done' && this.#settings.onError === 'throw') this.#failedBy(task)
    this.#pull()
    this.#wake()
  }

  /** The first failure in time, whatever its turn. The error of a cancel is made only when it is asked for. */
  #failedBy(task: Task): void {
    if (!this.#left && this.#failure === undefined) this.failed(task.failure(), task)
  }

  #tellProgress(): void {
    const { progress } = this.#settings
    if (progress === undefined) return
    guardedCall(
      () => {
        const { total } = this.#input
        return progress({ completed: this.#completed, ...(total !== undefined && { total }) })
      },
      error => this.#host.scheduler.report.log(error, 'the progress function of a map threw'),
    )
  }

  /** Notes that a task waits for the next result, which could not come if it holds a slot that the items need. */
  #beginWait(reject: (error: unknown) => void): Wait | undefined {
    const waiter = currentTask.getStore()
    if (waiter === undefined || waiter.ended || this.#line.size === 0 || this.#input.stepping) return undefined
    const line = this.#line
    return Wait.begin(waiter, { [Symbol.iterator]: () => line.unfinished.values() }, 'await', reject)
  }
}

keepResident(new MapRun(undefined as never, [], { ordered: true } as never, undefined as never))
