import { QueueFullError } from '../base/errors.ts'
import { PendingQueue } from '../collections/queues.ts'
import { hasPlace, type Scheduler } from '../scheduler/scheduler.ts'
import { Acceptance, type SubmitLine } from '../task/acceptance.ts'
import type { SpawnSettings } from '../task/spawn-settings.ts'
import type { Task } from '../task/task.ts'
import type { TaskHandle, Work } from '../task/types.ts'
import type { StoreWriter } from './durable/store-writer.ts'
import type { Statistics } from './statistics.ts'
import type { SubmitPolicy } from './types.ts'

/** A task to be submitted, once it may. */
export interface Arrival {
  readonly work: Work<unknown>
  readonly settings: SpawnSettings
  /** Its record must be durable before it may start. */
  readonly durable: boolean
}

/** Who gets into a queue of limited size, and what becomes of the others: the submit policies. */
export class SubmitQueue implements SubmitLine {
  readonly #scheduler: Scheduler
  readonly #policy: SubmitPolicy
  readonly #statistics: Statistics
  readonly #storeWriter: StoreWriter | undefined
  /** Those that wait for a place. */
  readonly #line = new PendingQueue<Task>()
  readonly #arrivals = new Map<Task, Arrival>()
  #listening = false

  constructor(
    scheduler: Scheduler,
    policy: SubmitPolicy,
    statistics: Statistics,
    storeWriter: StoreWriter | undefined,
  ) {
    this.#scheduler = scheduler
    this.#policy = policy
    this.#statistics = statistics
    this.#storeWriter = storeWriter
  }

  /** A handle of a task that was let in, or of the one that has its key. */
  enter(arrival: Arrival): TaskHandle<unknown> {
    const { settings } = arrival
    if (settings.key !== undefined) {
      return this.#scheduler.keyed(settings, (own, inPlaceOf) => this.#submit({ ...arrival, settings: own }, inPlaceOf))
    }
    return this.#scheduler.begin(this.#submit(arrival))
  }

  /**
   * Lets a task in, now or later, or throws `QueueFullError`. Nobody overtakes those that wait, but for one that takes the
   * place of another.
   */
  #submit(arrival: Arrival, inPlaceOf?: Task): Task {
    const open = hasPlace(inPlaceOf) || (this.#line.size === 0 && this.#scheduler.hasRoomFor(arrival.settings))
    if (!open && this.#policy === 'wait') return this.#standInLine(arrival)
    if (!open) this.#makeRoom()
    const { work, settings, durable } = arrival
    return this.#scheduler.spawn(work, settings, durable ? { acceptance: new Acceptance() } : undefined)
  }

  #makeRoom(): void {
    const victim = this.#victim()
    if (victim === undefined) {
      this.#statistics.rejected += 1
      throw this.#full('wait for one to start, or choose another submitPolicy')
    }
    this.#statistics.dropped += 1
    victim.stop({ kind: 'cancel', reason: this.#full('dropped to make room for a newer task') })
  }

  #full(remedy: string): QueueFullError {
    const { name, maxPending } = this.#scheduler.settings
    return new QueueFullError(`${name} has ${maxPending} tasks pending, its queueSize: ${remedy}`)
  }

  /** The pending task that has to go. */
  #victim(): Task | undefined {
    const { live } = this.#scheduler
    if (this.#policy === 'dropOldest') {
      for (const task of live) if (task.status === 'pending') return task
    }
    if (this.#policy === 'dropNewest') {
      for (let task = live.last; task !== undefined; task = task.previous) if (task.status === 'pending') return task
    }
    return undefined
  }

  #standInLine(arrival: Arrival): Task {
    const task = this.#scheduler.spawn(arrival.work, arrival.settings, { acceptance: new Acceptance(this) })
    if (task.ended) return task
    this.#scheduler.notAccepted += 1
    this.#line.push(task)
    this.#arrivals.set(task, arrival)
    this.#listen()
    return task
  }

  leave(task: Task): void {
    // A task may be cancelled as it is made, before it stands here.
    if (!this.#arrivals.delete(task)) return
    this.#scheduler.notAccepted -= 1
    this.#line.remove(task)
  }

  requeue(task: Task, change: () => void): void {
    this.#line.remove(task)
    change()
    this.#line.push(task)
  }

  #listen(): void {
    if (this.#listening) return
    this.#listening = true
    this.#scheduler.whenRoom(() => {
      this.#listening = false
      this.#letIn()
      if (this.#line.size > 0) this.#listen()
    })
  }

  #letIn(): void {
    for (let task = this.#line.peek(); task !== undefined; task = this.#line.peek()) {
      if (!this.#scheduler.hasRoomFor(task.settings, task.createdAt)) return
      const arrival = this.#arrivals.get(task) as Arrival
      const acceptance = task.extras?.acceptance as Acceptance
      this.leave(task)
      acceptance.place()
      if (!arrival.durable) acceptance.open(task)
      this.#storeWriter?.add(task)
    }
  }
}
