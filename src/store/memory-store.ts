import { StoreError } from '../base/errors.ts'
import { EndOrder } from './end-order.ts'
import type { StoreContents, StoredTask, TaskStore } from './types.ts'

/**
 * Keeps the records in memory: a runner that opens the store after another has closed it finds what that one left. For
 * tests, and for programs that need to survive a restart of their runner but not of their process. Nothing is ever
 * removed from it.
 */
export function memoryStore(): TaskStore {
  return new MemoryStore()
}

class MemoryStore implements TaskStore {
  readonly #tasks = new Map<number, Kept>()
  /** Of the latest write. */
  #stretch = 0
  #order = new EndOrder(0)
  #opened = false

  async open(history: number): Promise<StoreContents> {
    if (this.#opened) throw new StoreError('the store is open already: close the runner that uses it first')
    this.#opened = true
    this.#order = new EndOrder(this.#stretch + 1)
    const kept = [...this.#tasks.values()].sort((a, b) => a.task.id - b.task.id)
    const ended = kept.filter(({ task }) => hasEnded(task)).sort(byEnd)
    return {
      lastId: kept.at(-1)?.task.id ?? 0,
      unfinished: kept.map(({ task }) => task).filter(task => !hasEnded(task)),
      ended: ended.slice(Math.max(0, ended.length - history)).map(({ task }) => task),
    }
  }

  async write(tasks: readonly StoredTask[]): Promise<void> {
    if (!this.#opened) throw new StoreError('the store is not open: open it before writing')
    const stretch = this.#order.stretchOf(tasks)
    this.#stretch = stretch
    for (const task of tasks.map(withoutStaleJob)) this.#tasks.set(task.id, { stretch, task })
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
  return one.stretch - other.stretch || (one.task.endedAt ?? 0) - (other.task.endedAt ?? 0)
}

function hasEnded(task: StoredTask): boolean {
  return task.endedAt !== undefined
}

function withoutStaleJob(task: StoredTask): StoredTask {
  const { job: _, ...rest } = task
  return hasEnded(task) ? rest : task
}
