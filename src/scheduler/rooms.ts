import { keepResident } from '../base/resident.ts'
import { before, IndexedHeap } from '../collections/indexed-heap.ts'
import type { Queued } from '../collections/queued.ts'
import { OrderedQueue } from '../collections/queues.ts'
import type { AskedLine, Requester, Waiting } from '../limits/acquire/permit-source.ts'
import type { LimitPermit, Limits } from '../limits/types.ts'
import type { LimitRequest as TaskRequest } from '../task/owner.ts'
import type { Task } from '../task/task.ts'

/** Told of a task that stands in line no more. */
type Granted = (task: Task, permit: LimitPermit) => void

/** The tasks that need the same limits object. Among the rooms it has the place of the first of those who wait in it. */
export class Room implements Queued {
  priority = 0
  sequence = 0
  position = -1
  readonly key: Limits
  /** Those who have not asked for it yet. */
  readonly waiting = new OrderedQueue<Task>()
  /** How many stand in its lines. */
  asking = 0
  /** The line in which all stand that ever came; `undefined` once some came for others, or for what has none. */
  line: AskedLine | undefined
  readonly #rooms: Rooms

  constructor(rooms: Rooms, key: Limits, line: AskedLine | undefined) {
    this.#rooms = rooms
    this.key = key
    this.line = line
  }

  granted(task: Task, permit: LimitPermit): void {
    this.#rooms.granted(task, permit)
  }

  changeAsking(by: 1 | -1): void {
    this.#rooms.leave(this)
    this.asking += by
    this.#rooms.enter(this)
  }
}

/**
 * The rooms with a task that may ask. In one line only one stands at a time: others would wait for each other. Of
 * the rooms for more than a line, no more tasks ask than there are free slots, so they are kept apart by how many do
 * already, and within that by who waits longest: however many rooms there are whose limits are used up, none of them is
 * looked at when the next task is sought.
 */
export class Rooms {
  /** Those with one line, in which nobody stands. */
  readonly #inLine = new IndexedHeap<Room>()
  /** The others, by how many ask. */
  readonly #others = new Map<number, IndexedHeap<Room>>()
  readonly #ofLimits = new WeakMap<Limits, Room>()
  /** That of the limits which were asked for last: looking it up twice per task is a good part of the price of a limit. */
  #latest: Room | undefined
  readonly granted: Granted
  /** How many tasks wait. */
  size = 0

  constructor(granted: Granted) {
    this.granted = granted
  }

  /** That of the limits of a task. */
  of({ settings: { limits, source } }: Task): Room {
    const key = limits as Limits
    if (this.#latest?.key === key) return this.#latest
    let room = this.#ofLimits.get(key)
    if (room === undefined) {
      room = new Room(this, key, source?.line)
      this.#ofLimits.set(key, room)
    }
    this.#latest = room
    return room
  }

  add(task: Task): void {
    const room = this.of(task)
    if (room.line !== undefined && task.settings.source?.line !== room.line) {
      this.leave(room)
      room.line = undefined
      this.enter(room)
    }
    this.size += 1
    room.waiting.push(task)
    if (room.position < 0 || room.waiting.peek() === task) this.enter(room)
  }

  remove(task: Task): void {
    const room = this.of(task)
    this.size -= 1
    room.waiting.remove(task)
    this.enter(room)
  }

  /** The first by priority and arrival of those who may ask while there are so many free slots. */
  first(free: number): Task | undefined {
    let first = free > 0 ? this.#inLine.peek() : undefined
    if (this.#others.size > 0) {
      for (const [asking, rooms] of this.#others) {
        const room = rooms.peek() as Room
        if (asking < free && (first === undefined || before(room, first))) first = room
      }
    }
    return first?.waiting.peek()
  }

  /** Gives it the place of the first who waits in it; none while nobody does, or nobody more may ask. */
  enter(room: Room): void {
    const head = room.waiting.peek()
    if (head === undefined) return this.leave(room)
    room.priority = head.priority
    room.sequence = head.sequence
    if (room.position >= 0) this.#heapOf(room).rerank(room)
    else if (room.line === undefined || room.asking === 0) this.#heapOf(room).push(room)
  }

  /** Comes before a change of what it asks for, or of how many ask. */
  leave(room: Room): void {
    if (room.position < 0) return
    const heap = this.#heapOf(room)
    heap.remove(room)
    if (heap !== this.#inLine && heap.size === 0) this.#others.delete(room.asking)
  }

  #heapOf({ line, asking }: Room): IndexedHeap<Room> {
    if (line !== undefined) return this.#inLine
    let heap = this.#others.get(asking)
    if (heap === undefined) this.#others.set(asking, (heap = new IndexedHeap()))
    return heap
  }
}

/** What a task asks of its limits, and has got: for each attempt again. A plain spawn has none. */
export class LimitRequest implements TaskRequest, Requester<LimitPermit> {
  /** What was granted; until the slot is free again. */
  permit: LimitPermit | undefined = undefined
  /** How often it was granted when no slot was free any more. */
  missed = 0
  readonly #task: Task
  #room: Room | undefined = undefined
  #waiting: Waiting | undefined = undefined
  #giveUpSlot: (() => void) | undefined = undefined

  constructor(task: Task) {
    this.#task = task
  }

  /** Whether it stands in line. */
  get waits(): boolean {
    return this.#room !== undefined
  }

  /** From now on it stands in line. */
  begin(room: Room, giveUpSlot: (() => void) | undefined): void {
    room.changeAsking(1)
    this.#room = room
    this.#giveUpSlot = giveUpSlot
  }

  granted(permit: LimitPermit): void {
    const room = this.#room
    this.#end()
    room?.granted(this.#task, permit)
  }

  refused(error: unknown): void {
    const room = this.#room
    this.#end()
    if (room !== undefined) this.#task.refuse(error)
  }

  /** How to call it off, which may be too late already. */
  waitsBy(waiting: Waiting): void {
    if (this.#room === undefined) waiting.cancel()
    else this.#waiting = waiting
  }

  cancel(): void {
    const waiting = this.#waiting
    this.#end()
    waiting?.cancel()
  }

  release(): void {
    const { permit } = this
    permit?.release()
    this.permit = undefined
  }

  #end(): void {
    this.#room?.changeAsking(-1)
    this.#giveUpSlot?.()
    this.#room = this.#waiting = this.#giveUpSlot = undefined
  }
}

const rooms = new Rooms(() => {})
keepResident(new Room(rooms, undefined as never, undefined), new LimitRequest(undefined as never))
