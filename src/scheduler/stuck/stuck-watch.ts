import { now, startBackgroundTimer, type Timer } from '../../base/clock.ts'
import { recordOf } from '../../task/record.ts'
import type { Task } from '../../task/task.ts'
import type { TaskStatus } from '../../task/types.ts'
import { dueAt } from '../entry/delays.ts'
import { changes } from '../events.ts'
import type { Scheduler } from '../scheduler.ts'
import type { TaskObserver } from '../task-observer.ts'
import type { StuckEvent } from '../types.ts'
import { describeWait, waitsFor } from './waits-for.ts'

/** A task is told of at the latest by this part of `after` too late, however many fall due one after another. */
const PRECISION = 1 / 8
/** How many tasks are looked at, and told of, at a time. */
const MOST_LOOKED_AT = 20_000
const MOST_TOLD = 1_000
/** Milliseconds between two warnings, and how many tasks one of them names. */
const WARN_EVERY = 60_000
const MOST_NAMED = 3

/** A task that stands still: since when, by the clock, and whether a warning has counted it. */
interface Standing {
  readonly since: number
  warned: boolean
}

/**
 * Tells of tasks that stand still: for `after` milliseconds they changed no status, told no progress and began or ended no
 * wait. Each is told of once, until it moves again.
 *
 * One timer for all of them: it is armed while there are tasks that were not told of, and looks at those alone that were
 * spawned long enough ago.
 */
export class StuckWatch implements TaskObserver {
  static readonly #watches = new WeakMap<Scheduler, StuckWatch>()

  readonly #scheduler: Scheduler
  readonly #after: number
  readonly #before: TaskObserver | undefined
  readonly #standing = new Map<Task, Standing>()
  #unwarned = 0
  #warnedAt = Number.NEGATIVE_INFINITY
  #timer: Timer | undefined
  /** Of a look that goes on later: with which task, and since when the next one to be told of stands still. */
  #next: Task | undefined
  #soonest = Number.POSITIVE_INFINITY

  constructor(scheduler: Scheduler, after: number) {
    this.#scheduler = scheduler
    this.#after = after
    this.#before = scheduler.observer
    scheduler.observer = this
    StuckWatch.#watches.set(scheduler, this)
  }

  /** Since when a task stands still, in milliseconds of the clock, if its manager has told so. */
  static since(task: Task, scheduler: Scheduler): number | undefined {
    const watch = StuckWatch.#watches.get(scheduler)
    if (watch === undefined) return undefined
    const since = watch.#standing.get(task)?.since
    return since === lifeOf(task) ? since : undefined
  }

  /** How many tasks of a manager were told of and have not moved since. */
  static count(scheduler: Scheduler): number {
    return StuckWatch.#watches.get(scheduler)?.standing ?? 0
  }

  get standing(): number {
    return this.#standing.size
  }

  entered(task: Task): void {
    this.#before?.entered?.(task)
    this.#alive(task)
  }

  moved(task: Task, from: TaskStatus, to: TaskStatus): void {
    this.#before?.moved(task, from, to)
    this.#alive(task)
  }

  progressed(task: Task): void {
    this.#before?.progressed(task)
    this.#alive(task)
  }

  idle(): void {
    this.#before?.idle()
  }

  closing(deadline: number): void {
    this.#before?.closing(deadline)
  }

  closed(): void {
    this.#before?.closed()
  }

  #alive(task: Task): void {
    if (this.#standing.size > 0) this.#forget(task)
    if (this.#timer === undefined && this.#scheduler.live.size > 0) this.#arm(this.#after)
  }

  #forget(task: Task): void {
    const standing = this.#standing.get(task)
    if (standing === undefined) return
    this.#standing.delete(task)
    if (!standing.warned) this.#unwarned -= 1
  }

  #arm(delay: number): void {
    this.#timer = startBackgroundTimer(delay, this.#look)
  }

  readonly #look = (): void => {
    const at = now()
    this.#timer = undefined
    if (this.#next === undefined || this.#next.ended) this.#next = this.#scheduler.live.first
    const complete = this.#lookOn(at)
    if (this.#unwarned > 0 && at - this.#warnedAt >= WARN_EVERY) this.#warn(at)
    if (!complete) return this.#arm(1)
    const due = Math.max(this.#soonest + this.#after, at + this.#after * PRECISION)
    const next = this.#unwarned > 0 ? Math.min(due, this.#warnedAt + WARN_EVERY) : due
    this.#soonest = Number.POSITIVE_INFINITY
    if (next < Number.POSITIVE_INFINITY) this.#arm(Math.max(1, Math.ceil(next - at)))
  }

  /** Returns whether it has come to the end of those that were spawned long enough ago. */
  #lookOn(at: number): boolean {
    const cutoff = at - this.#after
    let looked = 0
    let told = 0
    while (this.#next !== undefined) {
      const task = this.#next
      if ((looked += 1) > MOST_LOOKED_AT || told === MOST_TOLD) return false
      const since = lifeOf(task)
      if (since > cutoff) {
        this.#soonest = Math.min(this.#soonest, since)
        this.#forget(task)
      } else if (this.#stands(task, since, at)) told += 1
      // Those that follow were spawned later still.
      this.#next = task.createdAt > cutoff ? undefined : task.next
    }
    return true
  }

  /** Returns whether it was told of now. */
  #stands(task: Task, since: number, at: number): boolean {
    if (this.#standing.get(task)?.since === since) return false
    this.#forget(task)
    this.#standing.set(task, { since, warned: false })
    this.#unwarned += 1
    const { events } = this.#scheduler
    if (changes.hasSubscribers) this.#scheduler.tellChange('stuck', task, waitsFor(task, this.#scheduler).kind)
    if (events.wants('stuck')) events.emit('stuck', this.#eventOf(task, since, at), task)
    return true
  }

  #eventOf(task: Task, since: number, at: number): StuckEvent {
    const waits = waitsFor(task, this.#scheduler)
    const epoch = this.#scheduler.wallClock.offset
    return { type: 'stuck', record: recordOf(task), since: since + epoch, for: at - since, waitsFor: waits }
  }

  #warn(at: number): void {
    const unwarned = [...this.#standing].filter(([, { warned }]) => !warned)
    for (const [, standing] of unwarned) standing.warned = true
    this.#unwarned = 0
    this.#warnedAt = at
    const named = unwarned.slice(0, MOST_NAMED).map(([task, { since }]) => ({
      label: task.label,
      event: this.#eventOf(task, since, at),
    }))
    const { size } = this.#standing
    const texts = named.map(({ label, event }) => `${label} ${describeWait(event.waitsFor)} (for ${time(event.for)})`)
    const others = size > named.length ? [`${size - named.length} more`] : []
    const message = `${this.#scheduler.settings.name}: ${size === 1 ? '1 task stands' : `${size} tasks stand`} still: ${[...texts, ...others].join('; ')}`
    this.#scheduler.report.warn({ type: 'stuck', count: size, events: named.map(({ event }) => event) }, message)
  }
}

/** When it last gave a sign of life. */
function lifeOf(task: Task): number {
  const { updatedAt, extras, settings } = task
  const life = Math.max(updatedAt, extras?.activeAt ?? 0)
  // Nobody expects more of one that is not due.
  return settings.entry === undefined ? life : Math.max(life, dueAt(task))
}

function time(milliseconds: number): string {
  return milliseconds < 10_000 ? `${milliseconds} ms` : `${Math.round(milliseconds / 1_000)} s`
}
