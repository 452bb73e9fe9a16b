import { now, startTimer, type Timer, timeOfDay } from '../../base/clock.ts'
import { IndexedHeap } from '../../collections/indexed-heap.ts'
import type { Queued } from '../../collections/queued.ts'
import type { EntrySettings } from '../../task/entry/entry-settings.ts'
import type { Task } from '../../task/task.ts'

/** Milliseconds after which the clock of the system is read again while tasks wait for a time of it. */
const LONGEST_UNREAD = 60_000

/** Where tasks go when they are due. */
interface Queue {
  enqueue(task: Task): void
  takeAll(tasks: Iterator<Task>, take: (task: Task) => void, taken: () => void): void
}

/** Whether a task that was made at this monotonic time may start by now. */
export function isDue({ delay, at }: EntrySettings, createdAt: number): boolean {
  return at === undefined ? createdAt + delay <= now() : at <= timeOfDay()
}

/** Since when a task may start, by the monotonic clock. */
export function dueAt({ createdAt, settings: { entry }, owner: { wallClock } }: Task): number {
  if (entry === undefined) return createdAt
  return entry.at === undefined ? createdAt + entry.delay : Math.max(createdAt, entry.at - wallClock.offset)
}

/** The tasks that are to start later. */
export class Delays {
  readonly #queue: Queue
  /** By the monotonic clock. */
  #timed: DueTasks | undefined
  /** By the clock of the system, which may be set, and goes on while the machine sleeps. */
  #dated: DueTasks | undefined

  constructor(queue: Queue) {
    this.#queue = queue
  }

  get size(): number {
    return (this.#timed?.size ?? 0) + (this.#dated?.size ?? 0)
  }

  /** Whether one more may be kept, where at most so many wait, `waiting` in all beside those that find a free slot. */
  leavesRoom(waiting: number, most: number): boolean {
    return Math.max(this.size, waiting) < most
  }

  /** Keeps a task until it is due, and has it stand in the queue then; `false`, and nothing, if it is by now. */
  keep(task: Task, entry: EntrySettings): boolean {
    if (isDue(entry, task.createdAt)) return false
    const { at, delay } = entry
    task.more().pause =
      at === undefined ? this.#byTime().add(task, task.createdAt + delay) : this.#byDate().add(task, at)
    return true
  }

  #byTime(): DueTasks {
    return (this.#timed ??= new DueTasks(this.#queue, now, Number.POSITIVE_INFINITY))
  }

  #byDate(): DueTasks {
    return (this.#dated ??= new DueTasks(this.#queue, timeOfDay, LONGEST_UNREAD))
  }
}

/** Tasks by when they are due, and by arrival where that is the same: one timer for all of them. */
class DueTasks {
  readonly #queue: Queue
  readonly #clock: () => number
  readonly #longest: number
  readonly #heap = new IndexedHeap<Place>()
  #timer: Timer | undefined
  #latest = 0

  constructor(queue: Queue, clock: () => number, longest: number) {
    this.#queue = queue
    this.#clock = clock
    this.#longest = longest
  }

  get size(): number {
    return this.#heap.size
  }

  add(task: Task, due: number): Timer {
    this.#latest += 1
    const place = new Place(this, task, due, this.#latest)
    this.#heap.push(place)
    if (this.#heap.peek() === place) this.#arm()
    return place
  }

  leave(place: Place): void {
    if (place.position === -1) return
    this.#heap.remove(place)
    // For the first of many that leave it may ring in vain.
    if (this.#heap.size === 0) this.#arm()
  }

  #arm(): void {
    this.#timer?.cancel()
    const first = this.#heap.peek()
    if (first === undefined) return
    const left = Math.max(0, first.due - this.#clock())
    this.#timer = startTimer(Math.min(left, this.#longest), () => {
      this.#queue.takeAll(
        this.#takeDue(),
        task => this.#queue.enqueue(task),
        () => this.#arm(),
      )
    })
  }

  *#takeDue(): Generator<Task> {
    const time = this.#clock()
    for (let first = this.#heap.peek(); first !== undefined && first.due <= time; first = this.#heap.peek()) {
      this.#heap.remove(first)
      yield first.task
    }
  }
}

/** The place of one task. */
class Place implements Queued, Timer {
  readonly #tasks: DueTasks
  readonly task: Task
  /** The earlier the higher. */
  readonly priority: number
  sequence: number
  position = -1

  constructor(tasks: DueTasks, task: Task, due: number, sequence: number) {
    this.#tasks = tasks
    this.task = task
    this.priority = -due
    this.sequence = sequence
  }

  get due(): number {
    return -this.priority
  }

  cancel(): void {
    this.#tasks.leave(this)
  }
}
