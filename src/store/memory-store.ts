import { StoreError } from '../errors.ts'
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
  readonly #tasks = new Map<number, StoredTask>()
  #opened = false

  async open(history: number): Promise<StoreContents> {
    if (this.#opened) throw new StoreError('the store is open already: close the runner that uses it first')
    this.#opened = true
    const tasks = [...this.#tasks.values()].sort((a, b) => a.id - b.id)
    const ended = tasks.filter(hasEnded).sort((a, b) => a.endedAt - b.endedAt)
    return {
      lastId: tasks.at(-1)?.id ?? 0,
      unfinished: tasks.filter(task => !hasEnded(task)),
      ended: ended.slice(Math.max(0, ended.length - history)),
    }
  }

  async write(tasks: readonly StoredTask[]): Promise<void> {
    if (!this.#opened) throw new StoreError('the store is not open: open it before writing')
    for (const task of tasks.map(withoutStaleJob)) this.#tasks.set(task.id, task)
  }

  async close(): Promise<void> {
    this.#opened = false
  }
}

function hasEnded(task: StoredTask): task is StoredTask & { readonly endedAt: number } {
  return task.endedAt !== undefined
}

function withoutStaleJob(task: StoredTask): StoredTask {
  const { job: _, ...rest } = task
  return hasEnded(task) ? rest : task
}
