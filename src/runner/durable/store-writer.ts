import { now, startBackgroundTimer, type Timer } from '../../base/clock.ts'
import { ManagerClosedError, type StoreError } from '../../base/errors.ts'
import { afterTurn } from '../../base/platform.ts'
import type { FailureReport } from '../../scheduler/failure-report.ts'
import { cutTask, encodeTask } from '../../store/encode.ts'
import { turn } from '../../store/pieces.ts'
import { storeError } from '../../store/store-error.ts'
import type { TaskStore } from '../../store/types.ts'
import { recordWithoutPayload } from '../../task/record.ts'
import type { Task } from '../../task/task.ts'
import { CloseLimit, unwrittenError } from '../closing.ts'
import { BATCH, type Draft, RecordWriter, refusalOf } from './record-writer.ts'
import { type CommandStore, type CommandTarget, StoreCommands } from './store-commands.ts'

/** Milliseconds until a write that failed is tried again, if nothing else happens. */
const PATIENCE = 1_000
/** Failures of a store change no outcome; told once until it works again. */
const NOT_KEPT = 'the store could not keep what has happened'

/**
 * Writes the records of tasks into a store: off the hot path, in batches, each task as it is when its batch goes, so that
 * a short task is written once or twice however often it changed. What could not be written is kept and tried again.
 */
export class StoreWriter {
  readonly #store: TaskStore
  readonly #writer: RecordWriter
  readonly #report: () => FailureReport
  /** The tasks to be written, the longest waiting first. */
  readonly #changed = new Set<Task>()
  /** Those of the batch that is being written. */
  readonly #batch = new Set<Task>()
  /** Those with jobs that the store has never had. */
  readonly #unknown = new Set<Task>()
  /** Those that the close has left to the next runner. */
  readonly #kept = new Set<Task>()
  /** Those that start when they are durable. */
  readonly #entrants = new Set<Task>()
  #writing: Promise<void> | undefined
  #scheduled = false
  #failing: StoreError | undefined
  #retry: Timer | undefined
  #keepsUnfinished = false
  /** Before it is opened and after it was closed it writes nothing. */
  #state: 'new' | 'open' | 'closed' = 'new'
  readonly #limit: CloseLimit
  #commands: StoreCommands | undefined
  /** The tasks, by their ids, whose first records answer commands. */
  readonly #answers = new Map<number, number>()
  /** When the store was asked to close. */
  #closingSince: number | undefined
  /** What to say of the records that were not written before the close. */
  #lost: StoreError | undefined
  /** Ends the flushes that wait for a store which has not answered. */
  readonly #flushes = new Set<(lost: StoreError) => void>()

  constructor(store: TaskStore, cleanupTimeout: number, report: () => FailureReport) {
    this.#store = store
    this.#writer = new RecordWriter(store)
    this.#report = report
    this.#limit = new CloseLimit(cleanupTimeout, () => this.#writer.busySince ?? this.#closingSince)
  }

  /** Begins to write, what was added before first, and to hear what others ask of the runner. */
  open(runner: CommandTarget): void {
    this.#state = 'open'
    if (this.#changed.size > 0) this.#schedule(true)
    const store = this.#store
    if (store.commands === undefined || store.answer === undefined) return
    const answerWith = (task: number, command: number) => void this.#answers.set(task, command)
    this.#commands = new StoreCommands(store as CommandStore, runner, answerWith)
    this.#commands.look()
  }

  /** Takes a new task that has its place in the queue. Its acceptance is opened once it is durable. */
  readonly add = (task: Task): void => {
    if (standsInLine(task)) return
    // What is added before the opening comes from the store.
    if (task.settings.job !== undefined && this.#state === 'open') this.#unknown.add(task)
    const awaited = task.extras?.acceptance !== undefined
    if (awaited) this.#entrants.add(task)
    this.#changed.add(task)
    this.#schedule(awaited)
  }

  changed(task: Task): void {
    if (this.#state === 'closed' || standsInLine(task)) return
    this.#changed.add(task)
    this.#schedule(false)
  }

  /** What the close of the runner cancels stays unfinished in the store, if it can be run again. */
  keepUnfinished(): void {
    this.#keepsUnfinished = true
  }

  /** The tasks that the close has left to the next runner, by their ids; `undefined` when it was not to leave any. */
  get kept(): ReadonlySet<number> | undefined {
    return this.#keepsUnfinished ? new Set([...this.#kept].map(task => task.id)) : undefined
  }

  /** The close has to be over at this moment, as far as it is for the store to say; only ever sooner. */
  closeBy(time: number): void {
    this.#limit.closeBy(time)
  }

  #stays(task: Task): boolean {
    return (
      this.#keepsUnfinished &&
      task.status === 'cancelled' &&
      task.settings.job !== undefined &&
      !this.#unknown.has(task) &&
      task.stopRequest?.reason instanceof ManagerClosedError
    )
  }

  /** While the store fails only a task that waits to be durable is worth a try of its own. */
  #schedule(awaited: boolean): void {
    if (this.#state !== 'open' || this.#scheduled || this.#writing !== undefined) return
    if (this.#failing !== undefined && !awaited) return
    this.#scheduled = true
    afterTurn(() => {
      this.#scheduled = false
      if (this.#state === 'open') this.#write().catch(() => {})
    })
  }

  /** Resolves when everything that has happened so far is durable; rejects with the `StoreError` if it can't be. */
  async flush(): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost
    const { promise, reject } = Promise.withResolvers<never>()
    this.#flushes.add(reject)
    try {
      await Promise.race([this.#flushAll(), promise])
    } finally {
      this.#flushes.delete(reject)
    }
  }

  async #flushAll(): Promise<void> {
    await this.#writing?.catch(() => {})
    // First in, first out: what changes meanwhile goes behind what is there now.
    for (let left = this.#changed.size; left > 0; left -= BATCH) {
      await this.#write()
      await turn()
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
    for (const task of take(this.#changed, BATCH)) this.#batch.add(task)
    if (this.#batch.size === 0) return
    const cautious = this.#failing !== undefined
    try {
      await this.#writer.write(this.#drafts(cautious ? [...this.#batch].reverse() : [...this.#batch]), cautious)
      this.#failing = undefined
    } catch (thrown) {
      const error = storeError(thrown)
      this.#failed(error)
      throw error
    }
  }

  /** Encoded one by one, as the writer takes them: all of a batch may be too much at a time. */
  *#drafts(tasks: readonly Task[]): Generator<Draft> {
    for (const task of tasks) {
      if (this.#stays(task)) {
        this.#batch.delete(task)
        this.#kept.add(task)
      } else yield this.#draft(task)
    }
  }

  #draft(task: Task): Draft {
    const job = task.settings.job?.text
    const record = recordWithoutPayload(task)
    const entrant = this.#entrants.has(task)
    const { task: whole, problem } = encodeTask(record, job)
    if (problem !== undefined) this.#incomplete(task, problem)
    const command = this.#answers.get(task.id)
    return {
      whole: command === undefined ? whole : { ...whole, command },
      // A newcomer is better refused.
      cut: entrant ? undefined : why => cutTask(record, job, why),
      settled: (refusal, kept) => {
        if (kept || task.ended) this.#unknown.delete(task)
        if (command !== undefined) this.#answers.delete(task.id)
        this.#batch.delete(task)
        if (entrant && !kept) this.#refuse(task, refusal as StoreError)
        else if (refusal !== undefined) this.#incomplete(task, refusalOf(task.label, refusal, kept))
        if (entrant && kept) this.#open(task)
      },
    }
  }

  /** The record of a task lacks something, or could not be kept at all. */
  #incomplete(task: Task, problem: Error): void {
    this.#report().tell(task, problem, `the record of ${task.label} is not complete`)
  }

  #open(task: Task): void {
    this.#entrants.delete(task)
    if (!task.ended) task.extras?.acceptance?.open(task)
  }

  #refuse(task: Task, error: StoreError): void {
    this.#entrants.delete(task)
    this.#unknown.delete(task)
    this.#answers.delete(task.id)
    task.refuse(error)
    this.#changed.delete(task)
  }

  /**
   * Those that were to be durable first are refused; what has happened to the others is kept, and tried again: behind the
   * rest, where newcomers wait for an answer, and in another order, since the ends of a batch are tried first.
   */
  #failed(error: StoreError): void {
    const tasks = [...this.#batch].reverse()
    this.#batch.clear()
    if (this.#failing === undefined && this.#state !== 'closed') this.#report().log(error, NOT_KEPT)
    this.#failing = error
    for (const task of tasks) {
      if (this.#entrants.has(task)) this.#refuse(task, error)
      else this.#changed.add(task)
    }
    if (this.#state !== 'open') return
    this.#retry = startBackgroundTimer(PATIENCE, () => this.#write().catch(() => {}))
  }

  /**
   * Writes what is left and closes the store, for as long as that answers in time. Nothing is written afterwards. Resolves
   * with the ids of the tasks whose records were not written. Never rejects.
   */
  async close(): Promise<readonly number[]> {
    const passed = this.#limit.passed()
    const flushed = this.#state === 'open' ? this.#flushAll().catch(() => {}) : Promise.resolve()
    await Promise.race([flushed, passed])
    const unwritten = this.#stop()
    // A store that has not answered is not free for another runner until it has.
    await Promise.race([flushed.then(() => this.#closeStore()), passed])
    this.#limit.cancel()
    return unwritten
  }

  #stop(): readonly number[] {
    const left = this.#state === 'new' ? [] : [...this.#batch, ...this.#changed]
    for (const task of left) if (this.#stays(task)) this.#kept.add(task)
    const unwritten = left.filter(task => !this.#kept.has(task))
    this.#state = 'closed'
    this.#commands?.close()
    this.#writer.stop()
    this.#retry?.cancel()
    const ids = [...new Set(unwritten.map(task => task.id))].sort((a, b) => a - b)
    if (ids.length > 0) this.#lose(ids)
    return Object.freeze(ids)
  }

  #lose(ids: readonly number[]): void {
    const lost = unwrittenError(ids, this.#failing)
    this.#lost = lost
    this.#report().log(lost, NOT_KEPT)
    for (const reject of this.#flushes) reject(lost)
  }

  async #closeStore(): Promise<void> {
    this.#closingSince = now()
    try {
      await this.#store.close()
    } catch (error) {
      this.#report().log(storeError(error, 'the store could not be closed'), NOT_KEPT)
    }
    this.#closingSince = undefined
  }
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

/** It has no place in the queue yet, and may never have one: then it leaves nothing behind. */
function standsInLine(task: Task): boolean {
  return task.extras?.acceptance?.line !== undefined
}
