import type { Scope } from 'effection'
import { now } from '../base/clock.ts'
import type { RestoredTask } from '../task/acceptance.ts'
import { DeadlockWatch, noteSpawn, watches } from '../task/deadlock/deadlock-watch.ts'
import type { TaskOwner } from '../task/owner.ts'
import type { SpawnSettings } from '../task/spawn-settings.ts'
import type { StopRequest } from '../task/stop.ts'
import { captureSpawnStack } from '../task/stop.ts'
import { Task } from '../task/task.ts'
import type { Work } from '../task/types.ts'
import { Ledger } from './ledger.ts'
import { loopTurns, takeInTurns } from './loop-turns.ts'
import type { ManagerSettings } from './manager-settings.ts'
import { ReadyQueue, type Slots } from './ready-queue.ts'
import type { Supervision, TaskObserver } from './task-observer.ts'
import { Waiters } from './waiters.ts'

type OpenedScope = readonly [scope: Scope, destroy: () => PromiseLike<void>]

/** Makes an effection scope, and the function that ends it. */
export type OpenScope = () => OpenedScope

/** Slots and who gets them. */
export class Scheduler extends Ledger implements TaskOwner<Task>, Slots {
  readonly cleanupTimeout: number
  readonly deadlocks: DeadlockWatch
  readonly #readyQueue: ReadyQueue
  /** Tasks that hold a slot and are about to start. */
  #reserved: Task[] = []
  readonly #openScope: OpenScope
  #scope: OpenedScope | undefined
  #maxTasks: number
  #paused: boolean
  #slotsTaken = 0
  #lastId = 0
  /** Tasks up to this sequence number may start: their `spawn` was called in an earlier microtask. */
  #startable = 0
  #startableSoon = false
  #pumping = false
  /** How many calls are cancelling pending tasks: until they have, nothing starts. */
  #stopping = 0
  /** A task starts in this very call, whether or not the event loop is due for a turn. */
  #atOnce = false
  #busy = false
  #closing = false
  readonly idleWaiters = new Waiters()
  readonly #roomWaiters = new Waiters()
  readonly #supervision: Supervision

  constructor(settings: ManagerSettings, openScope: OpenScope, supervision: Supervision, observer?: TaskObserver) {
    super(settings, observer)
    this.cleanupTimeout = settings.cleanupTimeout
    this.#maxTasks = settings.maxTasks
    this.#paused = !settings.autoStart
    this.#openScope = openScope
    this.#supervision = supervision
    this.#readyQueue = new ReadyQueue(this)
    this.deadlocks = new DeadlockWatch(settings.deadlockAfter)
  }

  get scope(): Scope {
    return (this.#scope ??= this.#openScope())[0]
  }

  get maxTasks(): number {
    return this.#maxTasks
  }

  set maxTasks(value: number) {
    this.#maxTasks = value
    this.#pump()
  }

  get paused(): boolean {
    return this.#paused
  }

  set paused(value: boolean) {
    this.#paused = value
    this.#pump()
  }

  /** Whether another task may be spawned: the queue has room, or a free slot will take from it at once. */
  get hasRoom(): boolean {
    return this.queueSize < this.settings.maxPending + this.free
  }

  /** How many attempts hold a slot; also those whose handles have settled but whose work still runs. */
  get slotsTaken(): number {
    return this.#slotsTaken
  }

  get full(): boolean {
    return this.#slotsTaken >= this.#maxTasks
  }

  get idle(): boolean {
    return this.live.size === 0 && this.#slotsTaken === 0
  }

  /** Ids go on after this one. */
  continueAfter(id: number): void {
    this.#lastId = id
  }

  spawn(work: Work<unknown>, settings: SpawnSettings, restored?: RestoredTask): Task {
    const task = new Task(this, restored?.id ?? ++this.#lastId, work, settings)
    const acceptance = restored?.acceptance
    if (restored?.createdAt !== undefined) task.createdAt = restored.createdAt - this.wallClock.offset
    if (acceptance !== undefined) task.more().acceptance = acceptance
    if (this.settings.spawnStacks) task.more().spawnStack = captureSpawnStack(this.spawn)
    this.#busy = true
    if (watches.size > 0) noteSpawn()
    this.enter(task)
    if (task.admit() && acceptance === undefined) this.enqueue(task)
    return task
  }

  enqueue(task: Task): void {
    this.#readyQueue.add(task)
    if (this.#startableSoon) return
    this.#startableSoon = true
    queueMicrotask(this.#makeStartable)
  }

  /** Starts what may start in this very call, for those who want no later microtask. */
  startNow(): void {
    this.#startable = this.#readyQueue.latest
    this.#pump()
  }

  /** Starts a task in this very call, if it takes no slot from one that goes before it. */
  startAtOnce(task: Task): void {
    if (task.position === -1) return
    this.#atOnce = true
    if (this.#readyQueue.size === 1) this.startNow()
    else if (this.#readyQueue.takeAhead(task)) this.reserveSlot(task)
    this.#atOnce = false
  }

  /** Has a pending task stand where its new priority puts it, behind those that have that priority already. */
  prioritise(task: Task, priority: number): void {
    const change = () => {
      task.priority = priority
    }
    const line = task.extras?.acceptance?.line
    if (task.ended || task.priority === priority) return
    if (line !== undefined) line.requeue(task, change)
    else if (task.position === -1) change()
    else {
      this.#readyQueue.remove(task)
      change()
      this.enqueue(task)
    }
    this.observer?.progressed(task)
  }

  readonly #makeStartable = (): void => {
    this.#startableSoon = false
    this.#startable = this.#readyQueue.latest
    this.#pump()
  }

  /**
   * Fills the free slots. A loop, never re-entered, so that a long queue of synchronous work can't overflow the
   * stack. `at` is the time, if the caller has just read it.
   */
  #pump(at?: number): void {
    if (this.#pumping || this.#stopping > 0) return
    this.#pumping = true
    let time = at
    for (let task = this.#next(); task !== undefined; task = this.#next()) {
      task.start(time ?? now())
      loopTurns.started(task.updatedAt)
      time = undefined
    }
    this.#pumping = false
    if (this.#roomWaiters.size > 0 && this.hasRoom) this.#roomWaiters.tell()
    if (this.#busy && this.idle) this.#becameIdle()
  }

  /** The next task that has a slot and all it needs. */
  #next(): Task | undefined {
    if (this.#stopping > 0) return undefined
    if (loopTurns.overdue && !this.#atOnce) return void loopTurns.hold(this.#goOn)
    const reserved = this.#nextReserved()
    if (reserved !== undefined || this.free === 0) return reserved
    const task = this.#readyQueue.next(this.#startable)
    if (task === undefined) return this.#nextReserved()
    this.#slotsTaken += 1
    return task
  }

  readonly #goOn = (): void => this.#pump()

  #nextReserved(): Task | undefined {
    while (this.#reserved.length > 0) {
      const task = this.#reserved.shift() as Task
      if (!task.ended) return task
      this.#slotsTaken -= 1
    }
    return undefined
  }

  /** How many tasks may start now. */
  get free(): number {
    return this.#paused ? 0 : Math.max(0, this.#maxTasks - this.#slotsTaken)
  }

  reserveSlot(task: Task): void {
    this.#slotsTaken += 1
    this.#reserved.push(task)
    this.#pump()
  }

  fill(): void {
    this.#pump()
  }

  /** Calls back once when the queue has room again; whoever comes first takes it. */
  whenRoom(tell: () => void): void {
    this.#roomWaiters.add(tell)
  }

  #becameIdle(): void {
    this.#busy = false
    this.observer?.idle()
    if (this.events.wants('drained')) this.events.emit('drained', { type: 'drained' })
    if (this.idleWaiters.size > 0) this.idleWaiters.tell()
  }

  /** Resolves when nothing is pending, running or holding a slot; at once if so now. */
  whenIdle(): Promise<void> {
    if (this.idle) return Promise.resolve()
    return new Promise(resolve => this.idleWaiters.add(resolve))
  }

  failed(task: Task): void {
    this.#supervision.failed(task)
  }

  withdraw(task: Task): void {
    const line = task.extras?.acceptance?.line
    if (line === undefined) this.#readyQueue.remove(task)
    else line.leave(task)
  }

  /** Stops every task there is now: the pending ones first, so that none of them gets a slot that another gives up. */
  stopAll(request: StopRequest): Promise<unknown> {
    const others = this.live.toArray().filter(task => task.status !== 'pending')
    const stopped = this.stopPending(request)
    for (const task of others) task.stop(request)
    return stopped
  }

  /**
   * Stops every pending task there is now, `stopping` each, and counts them. Where they are very many, some only after a
   * turn of the event loop; until they all are, nothing starts: the place that one gives up in a line is not for the next.
   */
  stopPending(request: StopRequest, stopping?: (task: Task) => void): Promise<number> {
    const pending = this.pendingInStopOrder()
    this.#stopping += 1
    const stop = (task: Task) => {
      if (task.status === 'pending') stopping?.(task)
      task.stop(request)
    }
    return new Promise(resolve => {
      takeInTurns(pending, stop, () => {
        this.#stopping -= 1
        this.#pump()
        resolve(pending.length)
      })
    })
  }

  slotFreed(task: Task, at?: number): void {
    this.#slotsTaken -= 1
    // Only now, so that whoever is granted what it held finds the slot.
    task.limitRequest?.release()
    task.extras?.closeBodyLimits()
    this.released(at)
  }

  released(at?: number): void {
    if (this.#closing) this.#supervision.released()
    this.#pump(at)
  }

  /** From now on who supervises is told of each release. */
  beginClosing(): void {
    this.#closing = true
  }

  /** Nothing will run any more. What could not be stopped is not waited for: its teardown may hang. */
  closed(): void {
    this.#supervision.closed()
    this.observer?.closed()
    this.#scope?.[1]().then(undefined, () => {})
  }
}
