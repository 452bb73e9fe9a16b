import { now } from '../../src/base/clock.ts'
import type { TaskEvent, TaskHandle, TaskStatus } from '../../src/index.ts'
import type { Observer } from './body.ts'
import type { Deed, Script } from './plan.ts'

/** Who follows all the tasks of a manager. */
interface Watcher {
  /** When the earliest deadline of a close passes. */
  readonly closingAt: number
  called(seen: Seen): void
  act(deed: Deed, by: Seen): void
}

/** What one task really did, told by its own body. */
export class Seen implements Observer {
  readonly #witness: Watcher
  readonly script: Script
  readonly spawnedAt = now()
  handle!: TaskHandle<unknown>
  calledAt: number | undefined
  phase: 'waiting' | 'called' | 'working' | 'stopped' = 'waiting'
  /** Cancelled, or out of time, before its work was called. */
  refused = false
  /** By a cancel of its own, not by a close. */
  cancelledPending = false
  stopAskedAt = Number.POSITIVE_INFINITY
  bodyError: Error | undefined
  cleanupError: Error | undefined
  readonly events: TaskEvent['type'][] = []
  settled = 0
  end: { readonly status: TaskStatus; readonly outcome: unknown } | undefined

  constructor(witness: Watcher, script: Script) {
    this.#witness = witness
    this.script = script
  }

  called(): void {
    this.#witness.called(this)
    this.phase = 'called'
    this.calledAt = now()
    if (this.script.kind === 'operation') this.#act()
  }

  began(): void {
    this.phase = 'working'
    if (this.script.kind !== 'operation') this.#act()
  }

  #act(): void {
    if (this.script.does !== undefined) this.#witness.act(this.script.does, this)
  }

  /** The error of a promise is out only now; when its task has been given up on meanwhile, it is ignored as promised. */
  stopped(): void {
    this.phase = 'stopped'
    const isPromise = this.script.kind === 'listens' || this.script.kind === 'deaf'
    if (isPromise && this.handle.done()) this.bodyError = this.cleanupError = undefined
  }

  threw(where: 'body' | 'cleanup', error: Error): void {
    if (this.handle.done()) return
    if (where === 'body') this.bodyError = error
    else this.cleanupError = error
  }

  get pending(): boolean {
    return this.phase === 'waiting' && !this.handle.done()
  }

  get active(): boolean {
    return this.phase === 'working'
  }

  /** The earliest moment at which the task was told to stop, by whomever. */
  get stoppingSince(): number {
    const { timeout, deadline } = this.script
    const timeUp = (this.calledAt ?? Number.POSITIVE_INFINITY) + timeout
    return Math.min(this.stopAskedAt, timeUp, this.spawnedAt + deadline, this.#witness.closingAt)
  }
}

/** How messages call a task. */
export function nameOf(seen: Seen): string {
  return `task ${seen.handle.id} (${seen.script.kind})`
}

/** Whether `a` is to start before `b`. */
export function goesBefore(a: Seen, b: Seen): boolean {
  return a.script.priority > b.script.priority || (a.script.priority === b.script.priority && a.handle.id < b.handle.id)
}
