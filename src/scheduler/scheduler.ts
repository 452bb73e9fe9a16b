import type { Scope } from 'effection'
import { now } from '../base/clock.ts'
import { ManagerClosedError, QueueFullError } from '../base/errors.ts'
import { ASYNC_GENERATOR_FUNCTION } from '../base/options.ts'
import type { RestoredTask } from '../task/acceptance.ts'
import { DeadlockWatch, noteSpawn, watches } from '../task/deadlock/deadlock-watch.ts'
import { TaskPromise } from '../task/handle.ts'
import type { TaskOwner } from '../task/owner.ts'
import { refuseWork, type SpawnSettings } from '../task/spawn-settings.ts'
import { captureSpawnStack } from '../task/stop.ts'
import { Task } from '../task/task.ts'
import type { TaskHandle, Work } from '../task/types.ts'
import { Delays, isDue } from './entry/delays.ts'
import { Keys, type MakeTask } from './entry/keys.ts'
import type { ManagerSettings } from './manager-settings.ts'
import { loopTurns, ReadyQueue, takeInTurns } from './ready-queue.ts'
import { Slots } from './slots.ts'
import type { Supervision, TaskObserver } from './task-observer.ts'

type OpenedScope = readonly [scope: Scope, destroy: () => PromiseLike<void>]

/** Makes an effection scope, and the function that ends it. */
export type OpenScope = () => OpenedScope

/** Tasks on their way in, and slots and who gets them. */
export class Scheduler extends Slots implements TaskOwner<Task> {
  readonly cleanupTimeout: number
  readonly deadlocks: DeadlockWatch
  readonly #delays: Delays
  #keys: Keys | undefined
  readonly #readyQueue: ReadyQueue
  /** Tasks that hold a slot and are about to start. */
  #reserved: Task[] = []
  readonly #openScope: OpenScope
  #scope: OpenedScope | undefined
  #lastId = 0
  /** Tasks up to this sequence number may start: their `spawn` was called in an earlier microtask. */
  #startable = 0
  #startableSoon = false
  #pumping = false
  /** How many calls of {@link takeAll} are not done: until they are, nothing starts. */
  #taking = 0
  /** A task starts in this very call, whether or not the event loop is due for a turn. */
  #atOnce = false
  #busy = false
  #closing = false
  readonly #supervision: Supervision

  constructor(settings: ManagerSettings, openScope: OpenScope, supervision: Supervision, observer?: TaskObserver) {
    super(settings, observer)
    this.cleanupTimeout = settings.cleanupTimeout
    this.#openScope = openScope
    this.#supervision = supervision
    this.#readyQueue = new ReadyQueue(this)
    this.#delays = new Delays(this)
    this.deadlocks = new DeadlockWatch(settings.deadlockAfter)
  }

  get scope(): Scope {
    return (this.#scope ??= this.#openScope())[0]
  }

  /** Whether a task of these settings may be spawned: see {@link hasRoom}; one that is to start later is taken by no free slot. */
  hasRoomFor({ entry }: SpawnSettings, createdAt?: number): boolean {
    if (entry === undefined || isDue(entry, createdAt ?? now())) return this.hasRoom
    return this.#delays.leavesRoom(this.queueSize - this.free, this.settings.maxPending)
  }

  get keys(): Keys {
    return (this.#keys ??= new Keys(this.report))
  }

  /** Ids go on after this one. */
  continueAfter(id: number): void {
    this.#lastId = id
  }

  /** Throws `ManagerClosedError` once closing has begun. */
  refuseIfClosed(): void {
    if (this.#closing) throw new ManagerClosedError(`${this.settings.name} is closed and takes no new tasks`)
  }

  /** Throws `QueueFullError` when `maxPending` tasks are pending, and one more of these settings would be: not in the place of one of them. */
  refuseIfFull(task: SpawnSettings, inPlaceOf?: Task): void {
    if (hasPlace(inPlaceOf) || this.hasRoomFor(task)) return
    const { name, maxPending } = this.settings
    throw new QueueFullError(
      `${name} has ${maxPending} tasks pending, its maxPending: wait for one to start, or raise it`,
    )
  }

  /** A handle of a new task, or of the one that has its key. Throws when it was closed, and for what there is no room. */
  submit(work: Work<unknown>, settings: SpawnSettings, priority?: number): TaskHandle<unknown> {
    this.refuseIfClosed()
    if (typeof work !== 'function' || Object.getPrototypeOf(work) === ASYNC_GENERATOR_FUNCTION) refuseWork(work)
    if (settings.key !== undefined) return this.spawnKeyed(settings, own => this.spawn(work, own))
    this.refuseIfFull(settings)
    const task = this.spawn(work, settings, undefined, priority)
    if (settings.startNow) this.startAtOnce(task)
    return task.handle
  }

  /** The handle of a new task, which starts in this call if it is to. */
  begin(task: Task): TaskHandle<unknown> {
    if (task.settings.startNow) this.startAtOnce(task)
    return task.handle
  }

  /** A handle of the task that has the key of these settings, or of a new one, which `make` makes. */
  keyed(settings: SpawnSettings, make: MakeTask): TaskHandle<unknown> {
    const handle = this.keys.spawn(settings, make)
    const task = TaskPromise.taskOf(handle)?.shared
    if (settings.startNow && task?.ended === false) this.startAtOnce(task as Task)
    return handle
  }

  /** The same, and throws `QueueFullError` where there is no room for a new one. */
  spawnKeyed(settings: SpawnSettings, spawn: (settings: SpawnSettings) => Task): TaskHandle<unknown> {
    return this.keyed(settings, (own, inPlaceOf) => {
      this.refuseIfFull(own, inPlaceOf)
      return spawn(own)
    })
  }

  /** Spawns what was checked already, however full the queue is. Throws once closing has begun. */
  spawn(work: Work<unknown>, settings: SpawnSettings, restored?: RestoredTask, priority = settings.priority): Task {
    this.refuseIfClosed()
    const task = new Task(this, restored?.id ?? ++this.#lastId, work, settings, priority)
    const acceptance = restored?.acceptance
    if (restored?.createdAt !== undefined) task.createdAt = restored.createdAt - this.wallClock.offset
    if (acceptance !== undefined) task.more().acceptance = acceptance
    if (this.settings.spawnStacks) task.more().spawnStack = captureSpawnStack(this.spawn)
    this.#busy = true
    if (watches.size > 0) noteSpawn()
    this.enter(task)
    if (settings.deadline !== Number.POSITIVE_INFINITY || settings.signal !== undefined) task.arm()
    if (task.status === 'pending' && acceptance === undefined) this.enqueue(task)
    const { failure } = this.#supervision
    if (failure !== undefined) task.stop({ kind: 'cancel', reason: failure.error })
    return task
  }

  enqueue(task: Task): void {
    const { entry, key } = task.settings
    if (key !== undefined && task.attempt === 0 && this.keys.holdBack(task)) return
    if (entry !== undefined && task.attempt === 0 && this.#delays.keep(task, entry)) return
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
    if (this.#pumping || this.#taking > 0) return
    this.#pumping = true
    let time = at
    for (let task = this.#next(); task !== undefined; task = this.#next()) {
      task.start(time ?? now())
      loopTurns.started(task.updatedAt)
      time = undefined
    }
    this.#pumping = false
    if (this.roomWaiters.size > 0 && this.hasRoom) this.roomWaiters.tell()
    if (this.#busy && this.idle) this.#becameIdle()
  }

  /** The next task that has a slot and all it needs. */
  #next(): Task | undefined {
    if (this.#taking > 0) return undefined
    if (loopTurns.overdue && !this.#atOnce) return void loopTurns.hold(this.fill)
    const reserved = this.#nextReserved()
    if (reserved !== undefined || this.free === 0 || this.#readyQueue.size === 0) return reserved
    const task = this.#readyQueue.next(this.#startable)
    if (task === undefined) return this.#nextReserved()
    this.slotsTaken += 1
    return task
  }

  #nextReserved(): Task | undefined {
    while (this.#reserved.length > 0) {
      const task = this.#reserved.shift() as Task
      if (!task.ended) return task
      this.slotsTaken -= 1
    }
    return undefined
  }

  reserveSlot(task: Task): void {
    this.slotsTaken += 1
    this.#reserved.push(task)
    this.#pump()
  }

  readonly fill = (): void => this.#pump()

  #becameIdle(): void {
    this.#busy = false
    this.observer?.idle()
    if (this.events.heard && this.events.wants('drained')) this.events.emit('drained', { type: 'drained' })
    if (this.idleWaiters.size > 0) this.idleWaiters.tell()
  }

  failed(task: Task): void {
    this.#supervision.failed(task)
  }

  withdraw(task: Task): void {
    const line = task.extras?.acceptance?.line
    if (line === undefined) this.#readyQueue.remove(task)
    else line.leave(task)
  }

  /** Starts nothing until all of them are taken, where they are very many some of them after turns of the event loop. */
  takeAll(tasks: Iterator<Task>, take: (task: Task) => void, taken: () => void): void {
    this.#taking += 1
    takeInTurns(tasks, take, () => {
      this.#taking -= 1
      this.#pump()
      taken()
    })
  }

  slotFreed(task: Task, at?: number): void {
    this.slotsTaken -= 1
    // Only now, so that a task that is granted what it held finds the slot.
    const { limitRequest, extras } = task
    limitRequest?.release()
    if (extras?.bodyLimits !== undefined) {
      extras.bodyLimits.close()
      extras.bodyLimits = undefined
    }
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
    this.#keys?.clear()
    this.#scope?.[1]().then(undefined, () => {})
  }
}

/** Whether a task stands in the queue, and leaves a place there. */
export function hasPlace(task: Task | undefined): boolean {
  return task?.status === 'pending' && task.extras?.acceptance?.line === undefined
}
