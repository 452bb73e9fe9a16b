import { attempt } from '../base/attempt.ts'
import { decodeRecord } from '../store/decode.ts'
import type { StoredTask } from '../store/types.ts'
import { recordOf } from '../task/record.ts'
import { Task } from '../task/task.ts'
import type { TaskRecord, TaskRecordFields } from '../task/types.ts'
import { payloadOf } from './submission.ts'

/** A task that has ended: of this process, or as a store remembers it. */
export type Ended = Task | TaskRecord

const SMALLEST = 64

/**
 * The tasks that ended last, the oldest dropped first: a ring. It keeps the tasks themselves, since a record costs more
 * than most of them will ever be asked for.
 */
export class History {
  readonly #capacity: number
  #ring: (Ended | undefined)[] = []
  #length = SMALLEST
  /** How many have been added so far; the place of the next is this modulo the length. */
  #added = 0
  /** Made by the first search. */
  #index: Map<number, Ended> | undefined

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#length = Math.min(SMALLEST, capacity)
  }

  add(ended: Ended): void {
    if (this.#capacity === 0) return
    if (this.#added === this.#length && this.#length < this.#capacity) {
      this.#length = Math.min(this.#length * 2, this.#capacity)
    }
    const place = this.#added % this.#length
    const dropped = this.#ring[place]
    this.#ring[place] = ended
    this.#added += 1
    if (this.#index === undefined) return
    if (dropped !== undefined) this.#index.delete(dropped.id)
    this.#index.set(ended.id, ended)
  }

  /** Whether some that have ended are no longer in it. */
  get hasDropped(): boolean {
    return this.#added > this.#length || this.#capacity === 0
  }

  find(id: number): Ended | undefined {
    this.#index ??= new Map([...this].map(ended => [ended.id, ended]))
    return this.#index.get(id)
  }

  /** What has ended as the last, back to the oldest that is kept, each with its number: from the one before `before` on. */
  *newest(before = Number.POSITIVE_INFINITY): Generator<readonly [number: number, ended: Ended]> {
    for (let number = Math.min(this.#added, before) - 1; number >= 0; number--) {
      // Meanwhile others may have ended.
      if (number < this.#added - this.#length) return
      const ended = this.#ring[number % this.#length]
      if (ended !== undefined) yield [number, ended]
    }
  }

  /** In no particular order. */
  *[Symbol.iterator](): Generator<Ended> {
    for (const ended of this.#ring) if (ended !== undefined) yield ended
  }
}

/** The record of a task, whichever way it is kept. */
export function recordFrom(task: Ended): TaskRecord {
  return task instanceof Task ? recordOf(task) : task
}

/** How the tasks are made again whose records come from a store. */
const jobs = new WeakMap<TaskRecord, string>()

/** The record of a task as a store has it, but for some fields; throws `StoreError` for what is none. */
export function storedRecord(stored: StoredTask, changes?: Partial<TaskRecordFields>): TaskRecord {
  const { job } = stored
  const payload = job === undefined ? undefined : attempt(() => payloadOf(job))
  const record = decodeRecord(stored, payload === undefined ? changes : { payload, ...changes })
  if (job !== undefined) jobs.set(record, job)
  return record
}

/** How to make a task again, whichever way it is kept. */
export function jobOf(task: Ended): string | undefined {
  return task instanceof Task ? task.settings.job?.text : jobs.get(task)
}
