import { recordOf } from '../task/record.ts'
import { Task } from '../task/task.ts'
import type { TaskRecord } from '../task/types.ts'

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

  find(id: number): Ended | undefined {
    this.#index ??= new Map([...this].map(ended => [ended.id, ended]))
    return this.#index.get(id)
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
