import { SerializationError, type StoreError, TaskCancelledError, TaskNotFoundError } from '../base/errors.ts'
import { capacity, count, type Known, knownOptions, oneOf, string } from '../base/options.ts'
import type { WaitOptions } from '../base/wait-timeout.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import { labelOf } from '../store/codec.ts'
import type { DamagedTask } from '../store/types.ts'
import { recordOf } from '../task/record.ts'
import { Task } from '../task/task.ts'
import type { TaskRecord, TaskStatus } from '../task/types.ts'
import type { RecordQuery } from './types.ts'

const RECORD_QUERY: Known<RecordQuery> = { status: true, type: true, limit: true, before: true }

const STATUSES: readonly TaskStatus[] = ['pending', 'running', 'stopping', 'done', 'failed', 'cancelled']

/** What a runner can say of its tasks, and of those of earlier runners: the live ones, and those that ended last. */
export class Records {
  readonly #scheduler: Scheduler
  readonly #history: History
  /** What the store has, but not as it was written. */
  #damaged: ReadonlyMap<number, StoreError> = new Map()

  constructor(scheduler: Scheduler, history: History) {
    this.#scheduler = scheduler
    this.#history = history
  }

  takeOver(ended: readonly TaskRecord[], damaged: readonly DamagedTask[]): void {
    for (const record of ended) this.#history.add(record)
    this.#damaged = new Map(damaged.map(({ id, error }) => [id, error]))
  }

  get history(): History {
    return this.#history
  }

  /** The record of a task, if there still is one. */
  find(id: number): TaskRecord | undefined {
    const task = this.#scheduler.find(id) ?? this.#history.find(id)
    return task && recordFrom(task)
  }

  /** The records that fit a query, newest first. */
  query(query: RecordQuery | undefined): TaskRecord[] {
    const fits = matcher(query)
    const found: Ended[] = []
    for (const task of this.#scheduler.live) if (fits(task)) found.push(task)
    for (const task of this.#history) if (fits(task)) found.push(task)
    found.sort((a, b) => b.id - a.id)
    const { limit = Number.POSITIVE_INFINITY } = query ?? {}
    return found.slice(0, count('limit', limit)).map(recordFrom)
  }

  /** Rejects with `TaskNotFoundError` when there is no record of it, with `StoreError` when the store has it damaged. */
  async outcome(id: number, options: WaitOptions | undefined): Promise<unknown> {
    const task = this.#scheduler.find(id) ?? this.#history.find(id)
    if (task instanceof Task) return await task.handle.wait(options)
    if (task !== undefined) return await recordedOutcome(task)
    const unknown = `there is no task ${id}: it was never submitted, or its record is older than history goes back`
    throw this.#damaged.get(id) ?? new TaskNotFoundError(unknown)
  }
}

function matcher(query: RecordQuery | undefined): (task: Ended) => boolean {
  const { status, type, before = Number.POSITIVE_INFINITY } = knownOptions('query', query, RECORD_QUERY) ?? {}
  const statuses = status === undefined ? undefined : new Set(statusesOf(status))
  if (type !== undefined) string('type', type)
  capacity('before', before)
  return task =>
    task.id < before &&
    (statuses === undefined || statuses.has(task.status)) &&
    (type === undefined || (task instanceof Task ? task.settings.type : task.type) === type)
}

function statusesOf(status: TaskStatus | readonly TaskStatus[]): TaskStatus[] {
  const given = typeof status === 'object' && Array.isArray(status) ? status : [status]
  return given.map(one => oneOf('status', STATUSES, one as TaskStatus))
}

/** How a task of an earlier process ended: its result, or a rejection with its failure. */
async function recordedOutcome(record: TaskRecord): Promise<unknown> {
  const { status, result, resultLeftOut, error, cancelReason } = record
  if (status === 'failed') throw error
  if (status === 'done') {
    if (resultLeftOut === undefined) return result
    throw new SerializationError(`${labelOf(record)} is done, but its result could not be stored: ${resultLeftOut}`)
  }
  const message = `${labelOf(record)} was cancelled`
  throw new TaskCancelledError(message, cancelReason === undefined ? undefined : { cause: cancelReason })
}

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
