import { isRealTime, now, startTimer } from '../base/clock.ts'
import { afterTurn } from '../base/platform.ts'
import { before } from '../collections/indexed-heap.ts'
import { PendingQueue } from '../collections/queues.ts'
import type { LimitPermit } from '../limits/types.ts'
import type { Task } from '../task/task.ts'
import { LimitRequest, Rooms } from './rooms.ts'

/** What the ready queue needs to know of the slots. */
export interface FreeSlots {
  readonly free: number
  /** Takes a slot for a task that has all it needs and starts it. There is a free one. */
  reserveSlot(task: Task): void
  /** Starts what may start: there are more free slots than {@link ReadyQueue.next} has seen. */
  fill(): void
}

/** For so long a slot is kept for a task that an external limit had granted too late; twice as long each further time. */
const PATIENCE = 100

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
  readonly #slots: FreeSlots
  readonly #usual = new PendingQueue<Task>()
  readonly #rooms = new Rooms((task, permit) => this.#granted(task, permit))
  /** Slots that are kept for tasks which ask an external limit again. */
  #kept = 0

  constructor(slots: FreeSlots) {
    this.#slots = slots
  }

  /** The sequence number of the latest arrival. */
  get latest(): number {
    return this.#usual.latest
  }

  /** How many have not been given to anybody. */
  get size(): number {
    return this.#usual.size + this.#rooms.size
  }

  add(task: Task): void {
    if (!hasToAsk(task)) return this.#usual.push(task)
    task.sequence = this.#usual.ticket()
    this.#rooms.add(task)
  }

  /** Takes out a task that has not been given to anybody; does nothing for one that stands in the line of a limit. */
  remove(task: Task): void {
    if (task.position === -1) return
    if (hasToAsk(task)) this.#rooms.remove(task)
    else this.#usual.remove(task)
  }

  /** The task to start now, with its limits taken, of those that arrived up to `upTo`. There is a free slot. */
  next(upTo: number): Task | undefined {
    // Nobody waits for a limit, as is usual: the rooms need no look, which is a good part of the price of a start.
    if (this.#rooms.size === 0) return this.#free > 0 ? this.#usual.take(upTo) : undefined
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
    const head = this.#rooms.first(this.#free)
    if (head !== undefined && (first === undefined || before(head, first))) first = head
    return first !== undefined && first.sequence <= upTo ? first : undefined
  }

  /** Takes what the task needs, or has it stand in line for it. */
  #ask(task: Task): boolean {
    const { source } = task.settings
    if (source === undefined) return true
    const room = this.#rooms.of(task)
    const request = (task.limitRequest ??= new LimitRequest(task)) as LimitRequest
    // Behind one of ours in the same line nothing is free.
    if (room.line === undefined || room.asking === 0) {
      request.permit = source.tryAcquire()
      if (request.permit !== undefined) return true
    }
    const keepsSlot = !source.immediate && request.missed > 0
    request.begin(room, keepsSlot ? this.#keepSlot(PATIENCE * 2 ** request.missed) : undefined)
    request.waitsBy(source.acquire(request))
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

  #granted(task: Task, permit: LimitPermit): void {
    // What is external may have stopped this very task before its wait could be cancelled.
    if (task.ended) return permit.refund()
    const request = task.limitRequest as LimitRequest
    if (this.#free > 0) {
      request.permit = permit
      return this.#slots.reserveSlot(task)
    }
    request.missed += 1
    this.#rooms.add(task)
    // Later, so that a long line of such tasks is no deep recursion.
    queueMicrotask(() => permit.refund())
  }
}

function hasToAsk({ settings: { source }, limitRequest }: Task): boolean {
  return source !== undefined && limitRequest?.permit === undefined
}

/** Milliseconds after which a turn of the event loop is asked for, and after as many again waited for. */
const SLICE = 5
/** So few starts are never held back, however long they take: a machine that is busy must not change what a test sees. */
const FEW = 16
/** So many items are taken in one call at least, for the same reason. */
const AT_ONCE = 256

/**
 * Gives the event loop of the process a turn about every 10 ms, however many tasks are ready to start: they would hold up
 * its timers and sockets, since each starts in a microtask of the one before.
 *
 * When the latest turn was is not known, and to ask for one costs as much as a task: it is asked for when `SLICE` has passed
 * since the last that is known of. A time that a clock of tests keeps is nothing to go by, and holds nothing back.
 */
class LoopTurns {
  /** Whether the next start has to wait for a turn. */
  overdue = false
  #since = now()
  #lookedAt = 0
  #started = 0
  #asked = false
  /** Who goes on after the turn, first come, first served. */
  readonly #held = new Set<() => void>()

  /** A task was started, and `at` this time of the clock it had got on. */
  started(at: number): void {
    this.#started += 1
    // Within the same millisecond there is nothing new: a look costs more than the start of a task should.
    if (at !== this.#lookedAt) this.#look(at)
  }

  /** Calls back after the next turn. The caller was held back. */
  hold(goOn: () => void): void {
    this.#held.add(goOn)
  }

  #look(at: number): void {
    this.#lookedAt = at
    const passed = at - this.#since
    if (passed >= 0 && passed < SLICE) return
    if (this.#asked) {
      this.overdue = this.#started >= FEW && isRealTime()
      return
    }
    this.#asked = true
    this.#since = at
    this.#started = 0
    afterTurn(this.#turned)
  }

  readonly #turned = (): void => {
    this.#asked = this.overdue = false
    this.#since = now()
    this.#started = 0
    for (const goOn of this.#held) {
      // The others have their share after the next turn, before those that have had theirs.
      if (this.overdue) return
      this.#held.delete(goOn)
      goOn()
    }
  }
}

/** One for all managers, as there is one event loop for them. */
export const loopTurns = new LoopTurns()

/** Takes the items in this very call as far as they go within a slice, and the others after turns of the event loop. */
export function takeInTurns<T>(items: Iterator<T>, take: (item: T) => void, done: () => void): void {
  const since = now()
  let count = 0
  for (let step = items.next(); step.done !== true; step = items.next()) {
    take(step.value)
    count += 1
    if (count % AT_ONCE === 0 && now() - since >= 2 * SLICE && isRealTime()) {
      afterTurn(() => takeInTurns(items, take, done))
      return
    }
  }
  done()
}
