import { timeOfDay } from '../base/clock.ts'
import { StoreError } from '../base/errors.ts'
import { EndOrder } from './end-order.ts'
import type { Retention, StoreContents, StoredQuery, StoredTask, TaskStore } from './types.ts'

/**
 * Keeps the records in memory: a runner that opens the store after another has closed it finds what that one left. For
 * tests, and for programs that need to survive a restart of their runner but not of their process.
 */
export function memoryStore(): TaskStore {
  return new MemoryStore()
}

/** What is to be removed is sorted out again once so much of everything was written: one part of so many. */
const PART = 10

class MemoryStore implements TaskStore {
  readonly #tasks = new Map<number, Kept>()
  #retention: Retention | undefined
  #lastId = 0
  /** Since it was last looked at what is to be removed. */
  #written = 0
  #order = new EndOrder(0)
  #opened = false

  async open(history: number, retention?: Retention): Promise<StoreContents> {
    if (this.#opened) throw new StoreError('the store is open already: close the runner that uses it first')
    this.#opened = true
    this.#retention = retention
    this.#order = new EndOrder(this.#order.stretch + 1)
    this.#remove()
    const kept = [...this.#tasks.values()].map(({ task }) => task)
    return {
      lastId: this.#lastId,
      unfinished: kept.filter(task => !hasEnded(task)).sort((a, b) => a.id - b.id),
      ended: this.#ended()
        .slice(0, history)
        .map(({ task }) => task)
        .reverse(),
    }
  }

  async write(tasks: readonly StoredTask[]): Promise<void> {
    if (!this.#opened) throw new StoreError('the store is not open: open it before writing')
    this.#order.follow(tasks)
    const { stretch } = this.#order
    // Read before any is kept, as any may throw.
    for (const task of tasks.map(task => ({ ...task }))) {
      this.#tasks.set(task.id, { stretch, task })
      this.#lastId = Math.max(this.#lastId, task.id)
    }
    this.#written += tasks.length
    if (this.#written * PART >= this.#tasks.size) this.#remove()
  }

  #remove(): void {
    this.#written = 0
    if (this.#retention === undefined) return
    const { failed, ...all } = this.#retention
    const ended = this.#ended()
    const isFailed = ({ task }: Kept) => task.status === 'failed'
    const groups =
      failed === undefined
        ? [{ kept: ended, bounds: all }]
        : [
            { kept: ended.filter(isFailed), bounds: failed },
            { kept: ended.filter(each => !isFailed(each)), bounds: all },
          ]
    for (const { kept, bounds } of groups) {
      const since = timeOfDay() - bounds.for
      for (const [place, { task }] of kept.entries()) {
        if (place >= bounds.count || (task.endedAt ?? 0) < since) this.#tasks.delete(task.id)
      }
    }
  }

  /** What has ended, the latest first. */
  #ended(): Kept[] {
    return [...this.#tasks.values()].filter(({ task }) => hasEnded(task)).sort(byEnd)
  }

  *find(query: StoredQuery): Generator<StoredTask> {
    if (!this.#opened) return
    const tasks = [...this.#tasks.values()].map(({ task }) => task).filter(task => fits(task, query))
    yield* tasks.sort((a, b) => b.id - a.id)
  }

  async close(): Promise<void> {
    this.#opened = false
  }
}

/** A task, and when it was written. */
interface Kept {
  readonly stretch: number
  readonly task: StoredTask
}

function byEnd(one: Kept, other: Kept): number {
  const later = other.stretch - one.stretch || (other.task.endedAt ?? 0) - (one.task.endedAt ?? 0)
  return later || other.task.id - one.task.id
}

function hasEnded(task: StoredTask): boolean {
  return task.endedAt !== undefined
}

function fits(task: StoredTask, { id, status, type, name, tag, before, keyAfter }: StoredQuery): boolean {
  return (
    (id === undefined || task.id === id) &&
    (status === undefined || status.includes(task.status)) &&
    (type === undefined || task.type === type) &&
    (name === undefined || task.name === name) &&
    (tag === undefined || task.tags?.includes(tag) === true) &&
    (before === undefined || task.id < before) &&
    (keyAfter === undefined || (task.keyUntil ?? 0) > keyAfter)
  )
}
