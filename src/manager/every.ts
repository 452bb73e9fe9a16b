import { now, startTimer, type Timer, timeOfDay } from '../base/clock.ts'
import { DuplicateKeyError, ManagerClosedError, QueueFullError } from '../base/errors.ts'
import { followSignal } from '../base/follow-signal.ts'
import { boolean, interval, isRunnable, type Known, knownOptions, oneOf } from '../base/options.ts'
import { captureContext } from '../base/platform.ts'
import { type AwaitedTask, watch } from '../task/cancel.ts'
import { TaskPromise } from '../task/handle.ts'
import { refuseWork, SPAWN_OPTIONS, type SpawnOptions, spawnSettings } from '../task/spawn-settings.ts'
import type { TaskHandle, Work } from '../task/types.ts'

/** How {@link TaskManager.every} goes: the options of each run, which starts at its beat, and of the whole. */
export interface EveryOptions<R = unknown> extends Omit<SpawnOptions<R>, 'delay' | 'at'> {
  /**
   * What becomes of a beat while the run before has not ended. `'skip'`: nothing. `'queue'`: its run follows that one.
   * `'cancel'`: that one is cancelled, and its run follows once that has stopped. @default 'skip'
   */
  readonly overlap?: 'skip' | 'queue' | 'cancel'
  /** `true`: the first run is spawned in the call, and not after the first interval. @default false */
  readonly immediate?: boolean
  /** Aborting it stops the whole, with the signal's reason. */
  readonly signal?: AbortSignal
}

const { delay: _, at: __, ...OF_SPAWN } = SPAWN_OPTIONS
const EVERY_OPTIONS: Known<EveryOptions> = { ...OF_SPAWN, overlap: true, immediate: true }

/** Work that is done again and again: see {@link TaskManager.every}. */
export interface Every<T> extends AsyncDisposable {
  /** When the next beat is due, by the clock of the system as it is now; `undefined` once stopped. */
  readonly next: Date | undefined
  /** The latest run. */
  readonly last: TaskHandle<T> | undefined
  /** Beats that had no run of their own: for overlap, a full queue, or because the process was suspended. */
  readonly skipped: number
  /** Ends it: no more beats, and the latest run is cancelled. Resolves when its work has stopped. So does disposing. */
  stop(reason?: unknown): Promise<void>
}

/** What it needs of its manager. */
export interface EveryHost {
  spawn(work: Work<unknown>, options?: SpawnOptions): TaskHandle<unknown>
  /** Calls back once the manager is closed, unless the returned function is called before. */
  onClosed(closed: () => void): () => void
}

/** Spawns `work` every `ms` milliseconds. */
export function startEvery<T>(
  host: EveryHost,
  ms: number,
  work: Work<T>,
  options: EveryOptions<T> | undefined,
): Every<T> {
  interval('ms', ms)
  if (!isRunnable(work)) refuseWork(work)
  const {
    overlap = 'skip',
    immediate = false,
    signal,
    ...each
  } = knownOptions('options', options as EveryOptions | undefined, EVERY_OPTIONS) ?? {}
  oneOf('overlap', ['skip', 'queue', 'cancel'], overlap)
  boolean('immediate', immediate)
  spawnSettings({ ...each, ...(signal !== undefined && { signal }) })
  // Of the call: a timer keeps none of a clock that tests have put in place.
  const context = captureContext()
  const spawn = () => context.runInAsyncScope(host.spawn, undefined, work as Work<unknown>, each) as TaskHandle<T>
  const beats = new Beats<T>(host, ms, spawn, overlap)
  beats.start(immediate, signal)
  return beats
}

class Beats<T> implements Every<T> {
  last: TaskHandle<T> | undefined
  skipped = 0
  readonly #ms: number
  readonly #spawn: () => TaskHandle<T>
  readonly #overlap: NonNullable<EveryOptions['overlap']>
  readonly #releases: (() => void)[] = []
  #timer: Timer | undefined
  /** By the monotonic clock: the system's may be set at any time. */
  #due: number
  /** Runs that follow the latest. */
  #owed = 0
  #stopped = false

  constructor(host: EveryHost, ms: number, spawn: () => TaskHandle<T>, overlap: NonNullable<EveryOptions['overlap']>) {
    this.#ms = ms
    this.#spawn = spawn
    this.#overlap = overlap
    this.#due = now() + ms
    this.#releases.push(host.onClosed(() => this.#end()))
  }

  get next(): Date | undefined {
    return this.#stopped ? undefined : new Date(timeOfDay() + Math.max(0, this.#due - now()))
  }

  start(immediate: boolean, signal: AbortSignal | undefined): void {
    if (signal !== undefined) this.#releases.push(followSignal(signal, reason => void this.stop(reason)))
    if (this.#stopped) return
    if (immediate) this.#run()
    this.#arm()
  }

  async stop(reason?: unknown): Promise<void> {
    this.#end()
    await this.last?.cancel(reason)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #end(): void {
    this.#stopped = true
    this.#owed = 0
    this.#timer?.cancel()
    for (const release of this.#releases.splice(0)) release()
  }

  #arm(): void {
    if (!this.#stopped) this.#timer = startTimer(Math.max(0, this.#due - now()), () => this.#beat())
  }

  #beat(): void {
    // Counted from the start, so that nothing adds up; and once, however many were missed while nothing ran.
    const missed = Math.max(0, Math.floor((now() - this.#due) / this.#ms))
    this.#due += (missed + 1) * this.#ms
    this.skipped += missed
    if (this.last === undefined || (this.last.done() && this.#owed === 0)) this.#run()
    else this.#overlapping(this.last)
    this.#arm()
  }

  #overlapping(last: TaskHandle<T>): void {
    if (this.#overlap === 'skip' || (this.#overlap === 'cancel' && this.#owed > 0)) {
      this.skipped += 1
      return
    }
    this.#owed += 1
    if (this.#owed > 1) return
    if (this.#overlap === 'cancel') void last.cancel('the next run is due').then(() => this.#follow())
    else this.#followOn(last)
  }

  #followOn(last: TaskHandle<T>): void {
    // Past its timeout a run has ended while its work may yet go on: `cancel` waits for that.
    watch(TaskPromise.taskOf(last) as AwaitedTask, () => void last.cancel().then(() => this.#follow()), true)
  }

  #follow(): void {
    if (this.#owed === 0) return
    this.#owed -= 1
    this.#run()
    if (this.#owed > 0 && this.last !== undefined) this.#followOn(this.last)
  }

  #run(): void {
    try {
      this.last = this.#spawn()
    } catch (error) {
      if (error instanceof ManagerClosedError) return this.#end()
      if (!(error instanceof QueueFullError || error instanceof DuplicateKeyError)) throw error
      this.skipped += 1
    }
  }
}
