import { QueueFullError } from '../base/errors.ts'
import { PendingQueue } from '../collections/pending-queue.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import { Entry } from '../task/acceptance.ts'
import type { Task } from '../task/task.ts'
import type { Meter } from './statistics.ts'
import type { SubmitPolicy } from './types.ts'

/** A task to be submitted, once it may. */
export interface Arrival {
  /** Its record must be durable before it may start. */
  readonly durable: boolean
  /** Makes the task. */
  spawn(entry: Entry | undefined): Task
  /** It has its place in the queue. */
  placed(task: Task): void
}

/** Who gets into a queue of limited size, and what becomes of the others: the submit policies. */
export class Doorway {
  readonly #scheduler: Scheduler
  readonly #policy: SubmitPolicy
  readonly #meter: Meter
  /** Those that wait for a place. */
  readonly #line = new PendingQueue<Task>()
  readonly #arrivals = new Map<Task, Arrival>()
  #listening = false

  constructor(scheduler: Scheduler, policy: SubmitPolicy, meter: Meter) {
    this.#scheduler = scheduler
    this.#policy = policy
    this.#meter = meter
  }

  /** Lets a task in, now or later, or throws `QueueFullError`. Nobody overtakes those that wait. */
  submit(arrival: Arrival): Task {
    const open = this.#line.size === 0 && this.#scheduler.hasRoom
    if (!open && this.#policy === 'wait') return this.#standInLine(arrival)
    if (!open) this.#makeRoom()
    const task = arrival.spawn(arrival.durable ? new Entry() : undefined)
    arrival.placed(task)
    return task
  }

  #makeRoom(): void {
    const victim = this.#victim()
    if (victim === undefined) {
      this.#meter.rejected += 1
      throw this.#full('wait for one to start, or choose another submitPolicy')
    }
    this.#meter.dropped += 1
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
    const entry = new Entry()
    entry.placed = false
    const task = arrival.spawn(entry)
    if (task.ended) return task
    this.#scheduler.outside += 1
    this.#line.push(task)
    this.#arrivals.set(task, arrival)
    entry.leave = () => this.#leave(task)
    entry.requeue = change => {
      this.#line.remove(task)
      change()
      this.#line.push(task)
    }
    this.#listen()
    return task
  }

  #leave(task: Task): void {
    this.#scheduler.outside -= 1
    this.#line.remove(task)
    this.#arrivals.delete(task)
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
    for (let task = this.#line.peek(); task !== undefined && this.#scheduler.hasRoom; task = this.#line.peek()) {
      const arrival = this.#arrivals.get(task) as Arrival
      const entry = task.extras?.entry as Entry
      this.#leave(task)
      entry.leave = entry.requeue = undefined
      entry.placed = true
      if (!arrival.durable) entry.open(task)
      arrival.placed(task)
    }
  }
}
