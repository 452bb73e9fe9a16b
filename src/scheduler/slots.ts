import { Ledger } from './ledger.ts'
import type { ManagerSettings } from './manager-settings.ts'
import type { TaskObserver } from './task-observer.ts'
import { Waiters } from './waiters.ts'

/** How many attempts may run at a time and how many do, and what follows from that: whether there is room, whether all is idle. */
export abstract class Slots extends Ledger {
  #maxTasks: number
  #paused: boolean
  /** How many attempts hold a slot; also those whose handles have settled but whose work still runs. The scheduler's to change. */
  slotsTaken = 0
  readonly idleWaiters = new Waiters()
  protected readonly roomWaiters = new Waiters()

  constructor(settings: ManagerSettings, observer: TaskObserver | undefined) {
    super(settings, observer)
    this.#maxTasks = settings.maxTasks
    this.#paused = !settings.autoStart
  }

  /** Starts what may start: there may be more free slots than before. */
  abstract readonly fill: () => void

  get maxTasks(): number {
    return this.#maxTasks
  }

  set maxTasks(value: number) {
    this.#maxTasks = value
    this.fill()
  }

  get paused(): boolean {
    return this.#paused
  }

  set paused(value: boolean) {
    this.#paused = value
    this.fill()
  }

  /** How many tasks may start now. */
  get free(): number {
    return this.#paused ? 0 : Math.max(0, this.#maxTasks - this.slotsTaken)
  }

  get full(): boolean {
    return this.slotsTaken >= this.#maxTasks
  }

  /** Whether another task may be spawned: the queue has room, or a free slot will take from it at once. */
  get hasRoom(): boolean {
    return this.queueSize < this.settings.maxPending + this.free
  }

  /** Calls back once when the queue has room again; the first to come takes it. */
  whenRoom(tell: () => void): void {
    this.roomWaiters.add(tell)
  }

  /** Whether nothing is pending, running or holding a slot. */
  get idle(): boolean {
    return this.live.size === 0 && this.slotsTaken === 0
  }

  /** Resolves when it is idle; at once if so now. */
  whenIdle(): Promise<void> {
    if (this.idle) return Promise.resolve()
    return new Promise(resolve => this.idleWaiters.add(resolve))
  }
}
