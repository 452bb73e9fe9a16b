import { startBackgroundTimer, type Timer } from '../clock.ts'
import { ManagerClosedError, StoreError } from '../errors.ts'
import { encodeTask } from '../store/codec.ts'
import type { StoredTask, TaskStore } from '../store/types.ts'
import { recordOf } from '../task/record.ts'
import type { Task } from '../task/task.ts'

/** So many tasks per write: the event loop is free again in between. */
export const BATCH = 500
/** Milliseconds until a write that failed is tried again, if nothing else happens. */
const PATIENCE = 1_000

/** What a journal tells of troubles: they change nobody's outcome. */
export interface Troubles {
  /** The store failed; told once until it works again. */
  failed(error: StoreError): void
  /** A record is kept without its result. */
  incomplete(task: Task, problem: unknown): void
}

/**
 * Writes the records of tasks into a store: off the hot path, in batches, each task as it is when its batch goes, so that
 * a short task is written once or twice however often it changed. What could not be written is kept and tried again.
 */
export class Journal {
  readonly #store: TaskStore
  readonly #troubles: Troubles
  /** The tasks to be written, the longest waiting first. */
  readonly #changed = new Set<Task>()
  /** What those that can be run again need for it. */
  readonly #jobs = new Map<Task, string>()
  /** Those that start when they are durable. */
  readonly #entrants = new Set<Task>()
  #writing: Promise<void> | undefined
  #scheduled = false
  #failing: StoreError | undefined
  #retry: Timer | undefined
  #keepsUnfinished = false

  constructor(store: TaskStore, troubles: Troubles) {
    this.#store = store
    this.#troubles = troubles
  }

  /** Takes a task, with what it needs to be run again; `entry` is opened once it is durable. */
  add(task: Task, job: string | undefined, entry: boolean): void {
    if (job !== undefined) this.#jobs.set(task, job)
    if (entry) this.#entrants.add(task)
    this.#changed.add(task)
    this.#schedule(true)
  }

  changed(task: Task): void {
    this.#changed.add(task)
    this.#schedule(false)
  }

  /** What the close of the runner cancels stays unfinished in the store, if it can be run again. */
  keepUnfinished(): void {
    this.#keepsUnfinished = true
  }

  #stays(task: Task): boolean {
    return (
      this.#keepsUnfinished &&
      task.status === 'cancelled' &&
      this.#jobs.has(task) &&
      task.stopRequest?.reason instanceof ManagerClosedError
    )
  }

  /** While the store fails only what somebody waits for is worth a try of its own. */
  #schedule(awaited: boolean): void {
    if (this.#scheduled || this.#writing !== undefined || (this.#failing !== undefined && !awaited)) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#write().catch(() => {})
    })
  }

  /** Resolves when everything that has happened so far is durable; rejects with the `StoreError` if it can't be. */
  async flush(): Promise<void> {
    await this.#writing?.catch(() => {})
    // First in, first out: what changes meanwhile goes behind what is there now.
    for (let left = this.#changed.size; left > 0; left -= BATCH) {
      await this.#write()
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  #write(): Promise<void> {
    this.#writing ??= this.#writeBatch().finally(() => {
      this.#writing = undefined
      if (this.#changed.size > 0) this.#schedule(this.#entrants.size > 0)
    })
    return this.#writing
  }

  async #writeBatch(): Promise<void> {
    this.#retry?.cancel()
    const tasks = [...take(this.#changed, BATCH)]
    if (tasks.length === 0) return
    const entrants = tasks.filter(task => this.#entrants.has(task))
    try {
      const news = tasks.filter(task => !this.#stays(task))
      if (news.length > 0) await this.#store.write(news.map(task => this.#encode(task)))
      this.#failing = undefined
    } catch (thrown) {
      const error = storeError(thrown)
      this.#failed(error, tasks)
      throw error
    }
    for (const task of tasks) if (task.ended) this.#jobs.delete(task)
    for (const task of entrants) this.#open(task)
  }

  #encode(task: Task): StoredTask {
    const { task: stored, problem } = encodeTask(recordOf(task), this.#jobs.get(task))
    if (problem !== undefined) this.#troubles.incomplete(task, problem)
    return stored
  }

  #open(task: Task): void {
    this.#entrants.delete(task)
    if (!task.ended) task.extras?.entry?.open(task)
  }

  /**
   * Those that were to be durable first are refused; what has happened to the others is kept, and tried again: behind the
   * rest, where somebody may be waiting for an answer.
   */
  #failed(error: StoreError, tasks: readonly Task[]): void {
    if (this.#failing === undefined) this.#troubles.failed(error)
    this.#failing = error
    for (const task of tasks) {
      if (this.#entrants.delete(task)) {
        this.#jobs.delete(task)
        task.refuse(error)
        this.#changed.delete(task)
      } else this.#changed.add(task)
    }
    this.#retry = startBackgroundTimer(PATIENCE, () => this.#write().catch(() => {}))
  }

  /** Writes what is left and closes the store. Never rejects. */
  async close(): Promise<void> {
    try {
      await this.flush()
    } catch (error) {
      const lost = `the records of ${this.#changed.size} tasks could not be kept: the store still has them as they were`
      this.#troubles.failed(new StoreError(lost, { cause: error }))
    }
    this.#retry?.cancel()
    await this.#store.close().catch(error => this.#troubles.failed(storeError(error)))
  }
}

/** Stores are anybody's: what they throw need not be one of ours. */
function storeError(thrown: unknown): StoreError {
  return thrown instanceof StoreError ? thrown : new StoreError(`the store failed: ${thrown}`, { cause: thrown })
}

/** Takes the first items out of a set. */
function* take<T>(set: Set<T>, count: number): Generator<T> {
  let taken = 0
  for (const item of set) {
    if (taken === count) return
    set.delete(item)
    taken += 1
    yield item
  }
}
