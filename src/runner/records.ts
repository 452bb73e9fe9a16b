import {
  SerializationError,
  type StoreError,
  TaskCancelledError,
  TaskNotFinishedError,
  TaskNotFoundError,
  TaskNotRerunnableError,
} from '../base/errors.ts'
import { capacity, count, type Known, knownOptions, oneOf, present, string } from '../base/options.ts'
import type { WaitOptions } from '../base/wait-timeout.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import { labelOf } from '../store/encode.ts'
import { storeError } from '../store/store-error.ts'
import type { DamagedTask, StoredQuery, TaskStore } from '../store/types.ts'
import { Task } from '../task/task.ts'
import type { TaskRecord, TaskStatus } from '../task/types.ts'
import { type Ended, type History, jobOf, recordFrom, storedRecord } from './history.ts'
import type { RunnerSettings } from './runner-settings.ts'
import { resubmission, type Submission } from './submission.ts'
import type { RecordQuery } from './types.ts'

const RECORD_QUERY: Known<RecordQuery> = {
  status: true,
  type: true,
  name: true,
  tag: true,
  limit: true,
  before: true,
}

const ENDED: readonly TaskStatus[] = ['done', 'failed', 'cancelled']
const STATUSES: readonly TaskStatus[] = ['pending', 'running', 'stopping', ...ENDED]

/**
 * What a runner can say of its tasks, and of those of earlier runners: the live ones, those that ended last, and what
 * else its store still has.
 */
export class Records {
  readonly #scheduler: Scheduler
  readonly #history: History
  readonly #store: TaskStore | undefined
  /** Whether the store had more of what has ended than the history has taken over. */
  #storeHasMore = false
  /** What the store has, but not as it was written. */
  #damaged: ReadonlyMap<number, StoreError> = new Map()

  constructor(scheduler: Scheduler, history: History, store?: TaskStore) {
    this.#scheduler = scheduler
    this.#history = history
    this.#store = store
  }

  takeOver(ended: readonly TaskRecord[], damaged: readonly DamagedTask[], storeHasMore: boolean): void {
    for (const record of ended) this.#history.add(record)
    this.#damaged = new Map(damaged.map(({ id, error }) => [id, error]))
    this.#storeHasMore = storeHasMore
  }

  get history(): History {
    return this.#history
  }

  /** The record of a task, if there still is one. */
  find(id: number): TaskRecord | undefined {
    const task = this.#find(id)
    return task && recordFrom(task)
  }

  #find(id: number): Ended | undefined {
    const known = this.#scheduler.find(id) ?? this.#history.find(id)
    if (known !== undefined || !Number.isSafeInteger(id) || this.#damaged.has(id)) return known
    for (const record of this.#stored({ id, status: ENDED })) return record
    return undefined
  }

  /** The records that fit a query, newest first. */
  query(query: RecordQuery | undefined): TaskRecord[] {
    const wanted = checked(query)
    const { limit } = wanted
    const found: Ended[] = []
    for (const task of this.#scheduler.live) if (fits(task, wanted)) found.push(task)
    for (const task of this.#history) if (fits(task, wanted)) found.push(task)
    const inMemory = found.length
    const { status = ENDED, type, name, tag, before } = wanted
    const ended = status.filter(each => ENDED.includes(each))
    if (ended.length > 0 && limit > 0) {
      for (const record of this.#stored({ status: ended, ...given({ type, name, tag, before }) })) {
        if (this.#scheduler.find(record.id) !== undefined || this.#history.find(record.id) !== undefined) continue
        found.push(record)
        if (found.length - inMemory >= limit) break
      }
    }
    found.sort((a, b) => b.id - a.id)
    return found.slice(0, limit).map(recordFrom)
  }

  /** What has ended as the store has it, the newest first, whether or not it is at hand; nothing where all of it is. */
  inStore(before: number): Iterable<TaskRecord> {
    return this.#stored({ status: ENDED, before })
  }

  /** What the store has of it that is no longer at hand. Throws `StoreError` when it fails. */
  *#stored(query: StoredQuery): Generator<TaskRecord> {
    if (this.#store?.find === undefined || !(this.#storeHasMore || this.#history.hasDropped)) return
    try {
      for (const stored of this.#store.find(query)) yield storedRecord(stored)
    } catch (thrown) {
      throw storeError(thrown, "the store can't be read")
    }
  }

  /** Rejects with `TaskNotFoundError` when there is no record of it, with `StoreError` when the store has it damaged. */
  async outcome(id: number, options: WaitOptions | undefined): Promise<unknown> {
    const task = this.#ofTask(id)
    return task instanceof Task ? await task.handle.wait(options) : recordedOutcome(task)
  }

  #ofTask(id: number): Ended {
    const task = this.#find(id)
    if (task !== undefined) return task
    const unknown = `there is no task ${id}: it was never submitted, or its record is older than history goes back`
    throw this.#damaged.get(id) ?? new TaskNotFoundError(unknown)
  }

  /** What to submit to have a task that has ended run again; throws where that can't be. */
  again(id: number, { registry, defaults }: RunnerSettings): Submission {
    const task = this.#ofTask(id)
    const label = labelOf(task)
    if (task.status === 'pending' || task.status === 'running' || task.status === 'stopping') {
      throw new TaskNotFinishedError(`${label} is ${task.status}: it can be run again once it has ended`)
    }
    const refused = (why: string, cause?: unknown) =>
      new TaskNotRerunnableError(
        `${label} can't be run again, ${why}: submit it anew`,
        cause === undefined ? undefined : { cause },
      )
    const job = jobOf(task)
    if (job === undefined) throw refused('it was not submitted as a task whose class is in tasks')
    let made: Submission | undefined
    try {
      const revived = registry.revive(job, id)
      made = revived && resubmission(revived, revived.options.deadline, defaults)
    } catch (cause) {
      throw refused('its class could not make it again', cause)
    }
    if (made === undefined) throw refused('its class is not in tasks')
    const { settings } = made
    return settings.key === undefined
      ? made
      : { ...made, settings: { ...settings, key: { ...settings.key, onDuplicate: 'anew' } } }
  }
}

interface Wanted {
  readonly type?: string | undefined
  readonly name?: string | undefined
  readonly tag?: string | undefined
  readonly status: readonly TaskStatus[] | undefined
  readonly limit: number
  readonly before: number
}

function checked(query: RecordQuery | undefined): Wanted {
  const {
    status,
    limit = Number.POSITIVE_INFINITY,
    before = Number.POSITIVE_INFINITY,
    ...texts
  } = knownOptions('query', query, RECORD_QUERY) ?? {}
  for (const key of ['type', 'name', 'tag'] as const) if (texts[key] !== undefined) string(key, texts[key])
  return {
    ...texts,
    status: status === undefined ? undefined : statusesOf(status),
    limit: count('limit', limit),
    before: capacity('before', before),
  }
}

function fits(task: Ended, { status, type, name, tag, before }: Wanted): boolean {
  if (task.id >= before || (status !== undefined && !status.includes(task.status))) return false
  const labels = task instanceof Task ? task.settings : task
  return (
    (type === undefined || labels.type === type) &&
    (name === undefined || task.name === name) &&
    (tag === undefined || labels.tags?.includes(tag) === true)
  )
}

function given({ before, ...texts }: Pick<Wanted, 'type' | 'name' | 'tag' | 'before'>): StoredQuery {
  return { ...present(texts), ...(before !== Number.POSITIVE_INFINITY && { before }) }
}

function statusesOf(status: TaskStatus | readonly TaskStatus[]): TaskStatus[] {
  const given = typeof status === 'object' && Array.isArray(status) ? status : [status]
  return given.map(one => oneOf('status', STATUSES, one as TaskStatus))
}

/** How a task of an earlier process ended: gives its result, or throws its failure. */
export function recordedOutcome(record: TaskRecord): unknown {
  const { status, result, resultLeftOut, error, cancelReason } = record
  if (status === 'failed') throw error
  if (status === 'done') {
    if (resultLeftOut === undefined) return result
    throw new SerializationError(`${labelOf(record)} is done, but its result could not be stored: ${resultLeftOut}`)
  }
  const message = `${labelOf(record)} was cancelled`
  throw new TaskCancelledError(message, cancelReason === undefined ? undefined : { cause: cancelReason })
}
