import { startTimer } from '../base/clock.ts'
import { before } from '../collections/indexed-heap.ts'
import { OrderedQueue, PendingQueue } from '../collections/pending-queue.ts'
import type { Line } from '../limits/acquire/admission.ts'
import { LimitRequest } from '../limits/acquire/limit-request.ts'
import type { LimitPermit, Limits } from '../limits/types.ts'
import type { Task } from '../task/task.ts'

/** What a line-up needs to know of the slots. */
export interface Slots {
  readonly free: number
  /** Takes a slot for a task that has all it needs and starts it. There is a free one. */
  reserveSlot(task: Task): void
  /** Starts what may start: there are more free slots than {@link ReadyQueue.next} has seen. */
  fill(): void
}

/** For so long a slot is kept for a task that an external limit had granted too late; twice as long each further time. */
const PATIENCE = 100

/** In one line no more stand at a time: they would only wait for each other, each with a request of its own. */
const MOST_IN_LINE = 32

/** The tasks that need the same limits object. */
interface Room {
  readonly key: Limits
  /** Those who have not asked for it yet. */
  readonly waiting: OrderedQueue<Task>
  /** How many stand in its lines. */
  asking: number
  /** The line in which all stand that ever came; `undefined` once some came for others, or for what has none. */
  line: Line | undefined
}

/**
 * Who gets the next slot: the first by priority and arrival among those whose limits have room.
 *
 * A task takes its limits at the moment it takes its slot, not before: a rate that was taken early would be spent in a
 * burst once slots are free. So only as many tasks stand in the lines of one limits object as there are free slots; the
 * others wait in its room, and hold up nobody who needs something else. One that is granted its limits when the slots are
 * gone puts them back, as though they had never been taken, and keeps its place.
 *
 * What is external answers later, when another task may have the slot, again and again. So one that came too late for it has
 * a slot kept when it asks again, for longer each time: it starts at last, and holds up the others for a bounded time.
 */
export class ReadyQueue {
  readonly #slots: Slots
  readonly #usual = new PendingQueue<Task>()
  readonly #rooms = new WeakMap<Limits, Room>()
  /** That of the limits which were asked for last: looking it up twice per task is a good part of the price of a limit. */
  #latestRoom: Room | undefined
  /** Rooms in which somebody has not asked yet. */
  readonly #open = new Set<Room>()
  /** Slots that are kept for tasks which ask an external limit again. */
  #kept = 0

  constructor(slots: Slots) {
    this.#slots = slots
  }

  /** The sequence number of the latest arrival. */
  get latest(): number {
    return this.#usual.latest
  }

  /** How many have not been given to anybody. */
  get size(): number {
    let size = this.#usual.size
    for (const { waiting } of this.#open) size += waiting.size
    return size
  }

  add(task: Task): void {
    if (!hasToAsk(task)) return this.#usual.push(task)
    task.sequence = this.#usual.ticket()
    const room = this.#roomOf(task)
    if (task.settings.source?.line !== room.line) room.line = undefined
    this.#wait(room, task)
  }

  /** Takes out a task that has not been given to anybody; does nothing for one that stands in the line of a limit. */
  remove(task: Task): void {
    if (task.position === -1) return
    if (hasToAsk(task)) this.#leave(this.#roomOf(task), task)
    else this.#usual.remove(task)
  }

  /** The task to start now, with its limits taken, of those that arrived up to `upTo`. There is a free slot. */
  next(upTo: number): Task | undefined {
    // Nobody waits for a limit, as is usual: the rooms need no look, which is a good part of the price of a start.
    if (this.#open.size === 0) return this.#free > 0 ? this.#usual.take(upTo) : undefined
    while (this.#free > 0) {
      const task = this.#first(upTo)
      if (task === undefined) return undefined
      this.remove(task)
      if (!hasToAsk(task) || this.#ask(task)) return task
    }
    return undefined
  }

  /** Takes a task out before its turn, if it has no limits to ask and all others would find a slot as well. */
  takeAhead(task: Task): boolean {
    if (hasToAsk(task) || this.#free < this.size) return false
    this.remove(task)
    return true
  }

  get #free(): number {
    return this.#slots.free - this.#kept
  }

  #first(upTo: number): Task | undefined {
    let first = this.#usual.peek()
    for (const { waiting, asking, line } of this.#open) {
      const most = line === undefined ? this.#free : Math.min(this.#free, MOST_IN_LINE)
      const head = asking < most ? waiting.peek() : undefined
      if (head !== undefined && (first === undefined || before(head, first))) first = head
    }
    return first !== undefined && first.sequence <= upTo ? first : undefined
  }

  /** Takes what the task needs, or has it stand in line for it. */
  #ask(task: Task): boolean {
    const { source } = task.settings
    if (source === undefined) return true
    const room = this.#roomOf(task)
    const request = (task.limitRequest ??= new LimitRequest())
    // Behind one of ours in the same line nothing is free.
    if (room.line === undefined || room.asking === 0) {
      request.permit = source.tryAcquire()
      if (request.permit !== undefined) return true
    }
    const keepsSlot = !source.immediate && request.missed > 0
    request.begin(room, keepsSlot ? this.#keepSlot(PATIENCE * 2 ** request.missed) : undefined)
    const waiting = source.acquire(
      permit => {
        request.end()
        this.#granted(room, task, permit)
      },
      error => {
        request.end()
        task.refuse(error)
      },
    )
    request.waitsBy(waiting)
    return false
  }

  /** Returns what ends it, at the latest after `duration`. */
  #keepSlot(duration: number): () => void {
    this.#kept += 1
    let kept = true
    const giveUp = () => {
      timer.cancel()
      if (kept) this.#kept -= 1
      kept = false
    }
    const timer = startTimer(duration, () => {
      giveUp()
      this.#slots.fill()
    })
    return giveUp
  }

  #granted(room: Room, task: Task, permit: LimitPermit): void {
    // What is external may have stopped this very task before its wait could be cancelled.
    if (task.ended) return permit.refund()
    const request = task.limitRequest as LimitRequest<LimitPermit>
    if (this.#free > 0) {
      request.permit = permit
      return this.#slots.reserveSlot(task)
    }
    request.missed += 1
    this.#wait(room, task)
    // Later, so that a long line of such tasks is no deep recursion.
    queueMicrotask(() => permit.refund())
  }

  #roomOf({ settings: { limits, source } }: Task): Room {
    const key = limits as Limits
    if (this.#latestRoom?.key === key) return this.#latestRoom
    let room = this.#rooms.get(key)
    if (room === undefined) {
      room = { key, waiting: new OrderedQueue(), asking: 0, line: source?.line }
      this.#rooms.set(key, room)
    }
    this.#latestRoom = room
    return room
  }

  #wait(room: Room, task: Task): void {
    room.waiting.push(task)
    this.#open.add(room)
  }

  #leave(room: Room, task: Task): void {
    room.waiting.remove(task)
    if (room.waiting.size === 0) this.#open.delete(room)
  }
}

function hasToAsk({ settings: { source }, limitRequest }: Task): boolean {
  return source !== undefined && limitRequest?.permit === undefined
}
