import { preciseNow, startBackgroundTimer, startTimer, type Timer } from '../../base/clock.ts'
import { FixedWindow } from '../../limits/algorithms/fixed-window.ts'
import type { LimitAlgorithm } from '../../limits/algorithms/limit-algorithm.ts'
import { SlidingWindow } from '../../limits/algorithms/sliding-window.ts'

/** What a rate needs to know of its queue. */
interface Rated {
  /** How many tasks run. */
  readonly pending: number
  /** How many wait: only for them a process is kept alive. */
  readonly size: number
}

/** So many starts per interval. */
interface Rate {
  readonly cap: number
  readonly interval: number
  readonly strict: boolean
  readonly carry: boolean
}

/** Counts starts, says when there may be another, and tells when tasks begin to wait for that and when they no longer do. */
export class StartRate {
  readonly #rate: Rate
  readonly #queue: Rated
  readonly #opened: () => void
  readonly #changed: (limited: boolean) => void
  #algorithm: LimitAlgorithm
  /** When the interval ends that counts now; of a sliding one it is not known. */
  #end = 0
  #timer: Timer | undefined
  #wakesAt = 0
  #background = false
  #toldLimited = false
  #noted = false
  /** No task may start. */
  closed = false

  constructor(rate: Rate, queue: Rated, opened: () => void, changed: (limited: boolean) => void) {
    this.#rate = rate
    this.#queue = queue
    this.#opened = opened
    this.#changed = changed
    this.#algorithm = rate.strict ? new SlidingWindow(rate.cap, rate.interval) : this.#newWindow()
  }

  /** Tasks wait because of the rate. */
  get limited(): boolean {
    return this.closed && this.#queue.size > 0
  }

  /** A task has started. */
  started(): void {
    const now = preciseNow()
    if (!this.#rate.strict && now >= this.#end) this.#beginWindow(now, this.#queue.pending - 1)
    this.#algorithm.take(1, now)
    this.#look(now)
  }

  /** A task waits. */
  wanted(): void {
    if (this.closed && this.#background) this.#wakeAt(this.#wakesAt, preciseNow())
    this.note()
  }

  /** Tells of what has changed in a microtask, when all of this one has been seen. */
  note(): void {
    if (this.#noted) return
    this.#noted = true
    queueMicrotask(() => {
      this.#noted = false
      this.tell()
    })
  }

  /** Tells of what has changed. */
  tell(): void {
    if (this.limited === this.#toldLimited) return
    this.#toldLimited = this.limited
    this.#changed(this.#toldLimited)
  }

  #newWindow(): FixedWindow {
    return new FixedWindow(this.#rate.cap, this.#rate.interval)
  }

  /** Intervals begin with a start, or where another ends that tasks have waited for. */
  #beginWindow(now: number, running: number): void {
    const { cap, carry } = this.#rate
    this.#algorithm = this.#newWindow()
    this.#algorithm.take(carry ? Math.min(cap, running) : 0, now)
    // More than fits into any interval is there when this one ends.
    this.#end = this.#algorithm.availableAt(cap + 1, now)
  }

  #look(now: number): void {
    const opens = this.#algorithm.availableAt(1, now)
    this.closed = opens > now
    if (this.closed) this.#wakeAt(opens, now)
    else if (this.#rate.carry) this.#wakeAt(this.#end, now)
  }

  #wakeAt(time: number, now: number): void {
    this.#timer?.cancel()
    this.#wakesAt = time
    this.#background = !this.closed || this.#queue.size === 0
    const start = this.#background ? startBackgroundTimer : startTimer
    this.#timer = start(Math.max(1, Math.ceil(time - now)), () => this.#woke())
  }

  #woke(): void {
    const now = preciseNow()
    const { carry } = this.#rate
    const { pending } = this.#queue
    if (carry && now >= this.#wakesAt && pending > 0) this.#beginWindow(now, pending)
    if (carry && pending === 0) this.closed = false
    else this.#look(now)
    this.#opened()
  }
}
