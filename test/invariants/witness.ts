import { now } from '../../src/base/clock.ts'
import {
  type CloseOptions,
  type CloseReport,
  ManagerClosedError,
  type TaskHandle,
  type TaskManager,
  type TaskStatusEvent,
  TaskTimeoutError,
} from '../../src/index.ts'
import { workOf } from './body.ts'
import { type Deed, describeDeed, type Plan, type Script } from './plan.ts'
import { goesBefore, nameOf, Seen } from './seen.ts'

const EVENTS = ['submitted', 'started', 'stopping', 'done', 'failed', 'cancelled', 'abandoned'] as const
const FINAL: readonly string[] = ['done', 'failed', 'cancelled']

/**
 * Follows a manager from the outside and from within its tasks, and keeps its own books: from what the bodies really
 * do, never from the manager's counters. A broken invariant is noted, because to throw inside a task would only fail it.
 */
export class Witness {
  readonly violations: string[] = []
  readonly #manager: TaskManager
  readonly #plan: Plan
  readonly #pause: (label: string) => Promise<void>
  readonly #tasks: Seen[] = []
  readonly #told: { readonly error: unknown; readonly id: number }[] = []
  #firstClose: number | undefined
  /** When the earliest deadline of a close passes. */
  closingAt = Number.POSITIVE_INFINITY
  report: CloseReport | undefined
  #drains = 0
  readonly #insiders = new Set<Seen>()
  ticksWanted = 0

  constructor(manager: TaskManager, plan: Plan, pause: (label: string) => Promise<void>) {
    this.#manager = manager
    this.#plan = plan
    this.#pause = pause
    for (const type of EVENTS) manager.on(type, event => this.#heard(event))
  }

  /** For the manager's `onError`. */
  told(error: unknown, id: number): void {
    this.#told.push({ error, id })
  }

  #heard({ type, record }: TaskStatusEvent): void {
    this.#tasks[record.id - 1]?.events.push(type)
    if (this.#plan.rude) throw new Error('a rude listener')
  }

  #expect(fact: boolean, invariant: number, otherwise: () => string): void {
    if (!fact) this.violations.push(`invariant ${invariant}, at ${now()} ms: ${otherwise()}`)
  }

  /** Does something to the manager, from within the task `by` if there is one. */
  act(deed: Deed, by?: Seen): void {
    if (deed.deed === 'spawn') this.#spawn(deed.script)
    else if (deed.deed === 'cancel') this.#cancel(deed.who)
    else if (deed.deed === 'cancelAll') this.#cancelAll()
    else if (deed.deed === 'maxTasks') this.#manager.maxTasks = deed.maxTasks
    else if (deed.deed === 'drain') this.#drain()
    else if (deed.deed === 'close') this.close({ timeout: deed.timeout, pending: deed.pending }, by)
    else if (deed.deed === 'tick') this.ticksWanted += 1
    else this.#manager[deed.deed]()
    this.checkBooks(describeDeed(deed))
  }

  #spawn(script: Script): void {
    const { priority, timeout, deadline, observed } = script
    const seen = new Seen(this, script)
    const id = this.#tasks.length + 1
    const work = workOf(script, `result ${id}`, label => this.#pause(`task ${id}, ${label}`), seen)
    const closed = this.#firstClose !== undefined
    try {
      seen.handle = this.#manager.spawn(work, { priority, timeout, deadline })
    } catch (error) {
      return this.#expect(closed && error instanceof ManagerClosedError, 8, () => `spawn threw ${error}`)
    }
    this.#tasks.push(seen)
    this.#expect(!closed, 8, () => `task ${id} was taken after close`)
    this.#expect(seen.handle.id === id, 4, () => `task ${id} has the id ${seen.handle.id}`)
    const settled = () => {
      seen.settled += 1
    }
    if (observed) seen.handle.then(settled, settled)
  }

  #cancel(who: number): void {
    const seen = this.#tasks[who % this.#tasks.length]
    if (seen === undefined || seen.handle === undefined) return
    const { pending } = seen
    const ended = seen.handle.done()
    this.#asked(seen)
    const inside = seen.phase === 'working'
    const cancelled = seen.handle.cancel(`cancel ${who}`)
    if (pending) this.#expect(seen.handle.status === 'cancelled', 7, () => `cancelled pending ${nameOf(seen)} goes on`)
    cancelled.then(result => {
      if (ended) this.#expect(!result, 2, () => `cancelling ended ${nameOf(seen)} said true`)
      else if (!inside) this.#expect(!this.#holds(seen), 2, () => `cancel of ${nameOf(seen)} resolved while it ran`)
    })
  }

  #asked(seen: Seen): void {
    if (seen.pending) seen.refused = seen.cancelledPending = true
    else if (!seen.handle.done()) seen.stopAskedAt = Math.min(seen.stopAskedAt, now())
  }

  #cancelAll(): void {
    for (const seen of this.#tasks) this.#asked(seen)
    this.#manager.cancelAll('all')
    const pending = this.#tasks.filter(seen => seen.pending)
    this.#expect(pending.length === 0, 7, () => `cancelAll left ${pending.map(nameOf)} pending`)
  }

  #drain(): void {
    const before = [...this.#tasks]
    this.#drains += 1
    this.#manager.drain().then(
      () => {
        this.#drains -= 1
        const left = before.filter(seen => !seen.handle.done() || this.#holds(seen))
        this.#expect(left.length === 0, 8, () => `drain returned before ${left.map(nameOf)}`)
      },
      error => {
        this.#drains -= 1
        this.#expect(error.code === 'ERR_DEADLOCK', 14, () => `drain rejected with ${error}`)
      },
    )
  }

  /** A task that closes is told before it has ended itself, once only such tasks are left. */
  close(options: Required<CloseOptions>, by?: Seen): void {
    if (by !== undefined) this.#insiders.add(by)
    this.#firstClose ??= now()
    this.closingAt = Math.min(this.closingAt, now() + options.timeout)
    if (options.pending === 'cancel') for (const seen of this.#tasks) if (seen.pending) seen.refused = true
    const closing = this.#manager.close(options)
    this.#expect(this.#manager.stats().closed, 8, () => 'the manager is not closed right after close')
    closing.then(
      report => (by === undefined ? this.#closed(report) : this.#checkLeft(report, this.#insiders)),
      error => this.#expect(false, 10, () => `close rejected with ${error}`),
    )
  }

  #closed(report: CloseReport): void {
    this.report = report
    const limit = this.closingAt + this.#plan.cleanupTimeout
    this.#expect(now() <= limit, 9, () => `close returned later than ${limit} ms`)
    const open = this.#tasks.filter(seen => !seen.handle.done())
    this.#expect(open.length === 0, 9, () => `close returned before ${open.map(nameOf)}`)
    const expected = this.#tasks.filter(
      ({ handle, calledAt, cancelledPending }) =>
        handle.status === 'cancelled' && calledAt === undefined && !cancelledPending,
    )
    const [told, real] = [report.neverStarted, expected.map(seen => seen.handle)].map(
      list => `${list.map(({ id }) => id)}`,
    )
    this.#expect(told === real, 1, () => `the report says that ${told} never started, it was ${real}`)
    this.#checkLeft(report, new Set())
  }

  #checkLeft(report: CloseReport, insiders: ReadonlySet<Seen>): void {
    const abandoned = new Set(report.abandoned.map(record => record.id))
    const left = this.#tasks.filter(seen => seen.active && !abandoned.has(seen.handle.id) && !insiders.has(seen))
    this.#expect(left.length === 0, 1, () => `${left.map(nameOf)} outlived the manager and are not in the report`)
  }

  /** Called by each body when the manager calls its work. */
  called(seen: Seen): void {
    this.#expect(seen.phase === 'waiting', 4, () => `${nameOf(seen)} was called twice`)
    this.#expect(!seen.refused, 7, () => `${nameOf(seen)} was called although it had been cancelled`)
    this.#expect(this.report === undefined, 1, () => `${nameOf(seen)} started after close had returned`)
    const running = this.#tasks.filter(other => other !== seen && this.#holds(other))
    const { maxTasks } = this.#manager
    this.#expect(running.length < maxTasks, 5, () => `${nameOf(seen)} joined ${running.map(nameOf)} of ${maxTasks}`)
    const better = this.#tasks.find(other => other !== seen && other.pending && goesBefore(other, seen))
    this.#expect(better === undefined, 6, () => `${nameOf(seen)} started before ${better && nameOf(better)}`)
    this.checkBooks(`the start of ${nameOf(seen)}`)
  }

  /** Whether a task runs for real and its cleanup time is not over. */
  #holds(seen: Seen): boolean {
    return seen.active && now() < seen.stoppingSince + this.#plan.cleanupTimeout
  }

  /** At the very millisecond in which the cleanup time is over a slot may be free or not. */
  #mayHold(seen: Seen): boolean {
    return seen.active && now() <= seen.stoppingSince + this.#plan.cleanupTimeout
  }

  /** What holds at every moment, in the middle of a burst too. */
  checkBooks(when: string): void {
    const { pending, running, stopping, done, failed, cancelled } = this.#manager.stats()
    const counted = { pending, running, stopping, done, failed, cancelled }
    const real = { pending: 0, running: 0, stopping: 0, done: 0, failed: 0, cancelled: 0 }
    for (const seen of this.#tasks) real[seen.handle.status] += 1
    this.#expect(
      JSON.stringify(real) === JSON.stringify(counted),
      4,
      () => `after ${when} stats are ${JSON.stringify(counted)}, the handles say ${JSON.stringify(real)}`,
    )
    for (const seen of this.#tasks) this.#checkEnd(seen)
  }

  #checkEnd(seen: Seen): void {
    const { handle } = seen
    if (!handle.done()) return
    const { status, error, result } = handle.record()
    const outcome = status === 'failed' ? error : result
    seen.end ??= { status, outcome }
    const same = seen.end.status === status && seen.end.outcome === outcome
    this.#expect(same, 4, () => `${nameOf(seen)} ended twice: ${seen.end?.status}, then ${status}`)
  }

  /** What holds once nothing is runnable. */
  check(): void {
    this.checkBooks('everything settled')
    for (const seen of this.#tasks) this.#checkTask(seen)
    this.#checkSlots()
    const over = this.#tasks.every(seen => seen.handle.done() && !this.#mayHold(seen))
    this.#expect(!over || this.#drains === 0, 10, () => 'a drain goes on although everything has ended')
    const strays = this.#tasks.filter(seen => seen.active && !this.#holds(seen)).length
    const { abandoned } = this.#manager.stats()
    const unsure = this.#tasks.filter(seen => now() === seen.stoppingSince + this.#plan.cleanupTimeout).length
    this.#expect(
      abandoned <= strays && abandoned >= strays - unsure,
      4,
      () => `stats say ${abandoned} abandoned, but ${strays} tasks run on`,
    )
  }

  #checkTask(seen: Seen): void {
    const { handle } = seen
    const { status, abandoned } = handle.record()
    const last = seen.events.filter(type => type !== 'abandoned').at(-1)
    const expected = status === 'pending' ? 'submitted' : status === 'running' ? 'started' : status
    this.#expect(status === handle.status, 4, () => `${nameOf(seen)} is ${handle.status}, its record says ${status}`)
    this.#expect(last === expected, 4, () => `${nameOf(seen)} is ${status}, its last event was ${last}`)
    const once = new Set(seen.events).size === seen.events.length
    this.#expect(once, 4, () => `${nameOf(seen)} had an event twice: ${seen.events}`)
    const ends = seen.events.filter(type => FINAL.includes(type)).length
    this.#expect(ends === (handle.done() ? 1 : 0), 4, () => `${nameOf(seen)} had the events ${seen.events}`)
    const found = this.#manager.get(handle.id)
    this.#expect(found === (handle.done() ? undefined : handle), 4, () => `get does not fit ${nameOf(seen)}`)
    if (seen.phase === 'waiting')
      this.#expect(!handle.done() || status !== 'done', 4, () => `${nameOf(seen)} never ran`)
    if (seen.active && handle.done()) {
      const canHear = seen.script.kind !== 'deaf'
      const excused = abandoned && !(canHear && this.#holds(seen))
      this.#expect(excused, 2, () => `${nameOf(seen)} settled as ${status} while its work runs`)
    }
    if (status === 'running' || status === 'stopping')
      this.#expect(seen.active, 4, () => `${nameOf(seen)} is ${status}, but its work has stopped`)
    if (seen.script.observed) {
      const settled = handle.done() ? 1 : 0
      this.#expect(seen.settled === settled, 10, () => `${nameOf(seen)} is ${status} and settled ${seen.settled} times`)
    }
  }

  #checkSlots(): void {
    const { paused, maxTasks } = this.#manager.stats()
    const waiting = this.#tasks.filter(seen => seen.pending)
    if (paused || waiting.length === 0) return
    const holding = this.#tasks.filter(seen => this.#mayHold(seen)).length
    this.#expect(holding >= maxTasks, 5, () => `${waiting.map(nameOf)} wait, but only ${holding} of ${maxTasks} run`)
  }

  /** What holds when the manager is closed and nothing is left to happen. */
  async checkEnd(): Promise<void> {
    this.#expect(this.report !== undefined, 9, () => 'close never returned')
    this.#expect(this.#drains === 0, 10, () => 'a drain never returned')
    for (const seen of this.#tasks) {
      this.#expect(seen.handle.done(), 10, () => `${nameOf(seen)} never settled`)
      if (seen.handle.done()) await this.#checkOutcome(seen)
    }
  }

  async #checkOutcome(seen: Seen): Promise<void> {
    const { handle, bodyError, cleanupError, script } = seen
    const { status, error, cleanupError: attached, result } = handle.record()
    const told = this.#told.filter(({ id }) => id === handle.id).map(entry => entry.error)
    const name = nameOf(seen)
    if (status === 'done') this.#expect(result === `result ${handle.id}`, 11, () => `${name} gave ${result}`)
    if (status === 'cancelled')
      this.#expect(
        seen.refused || seen.stopAskedAt < Number.POSITIVE_INFINITY || this.closingAt < Number.POSITIVE_INFINITY,
        4,
        () => `nobody cancelled ${name}`,
      )
    if (status === 'failed') {
      const timedOut = error instanceof TaskTimeoutError
      if (bodyError !== undefined && !timedOut)
        this.#expect(error === bodyError, 3, () => `${name} failed with ${error}, its body with ${bodyError}`)
      else this.#expect(timedOut || error === cleanupError, 3, () => `${name} failed with a strange ${error}`)
    }
    for (const own of [bodyError, cleanupError])
      this.#expect(
        own === undefined || [error, attached].includes(own) || told.includes(own),
        3,
        () => `${own} of ${name} was lost`,
      )
    const reported = told.filter(each => each === error).length
    const due = status === 'failed' && !script.observed ? 1 : 0
    this.#expect(reported === due, 3, () => `the failure of ${name} was told ${reported} times instead of ${due}`)
    await this.#checkLateAwaits(seen)
  }

  async #checkLateAwaits(seen: Seen): Promise<void> {
    const once = await outcomeOf(seen.handle)
    const twice = await outcomeOf(seen.handle)
    const record = seen.handle.record()
    this.#expect(once === twice, 11, () => `${nameOf(seen)} gave ${once} first and ${twice} later`)
    if (record.status !== 'cancelled')
      this.#expect(once === (record.error ?? record.result), 11, () => `${nameOf(seen)} gave ${once}`)
  }
}

function outcomeOf(handle: TaskHandle<unknown>): Promise<unknown> {
  return handle.wait().catch(error => error)
}
