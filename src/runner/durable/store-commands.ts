import { isRealTime, startBackgroundTimer, type Timer } from '../../base/clock.ts'
import { ManagerClosedError, QueueFullError } from '../../base/errors.ts'
import { reasonOf } from '../../store/store-error.ts'
import type { CommandAnswer, StoreCommand, TaskStore } from '../../store/types.ts'
import type { TaskHandle, TaskRecord } from '../../task/types.ts'

/** Milliseconds between two looks, each of some microseconds. */
const PAUSE = 250
const REASON = 'cancelled through the store'

/** A store that others can reach as well. */
export type CommandStore = Required<Pick<TaskStore, 'commands' | 'answer'>>

/** Whom the commands are for: a runner. */
export interface CommandTarget {
  rerun(id: number): TaskHandle<unknown>
  cancel(id: number, reason: unknown): Promise<boolean>
  getRecord(id: number): TaskRecord | undefined
  flush(): Promise<void>
}

/** Has a runner do what other processes ask of it through its store. */
export class StoreCommands {
  readonly #store: CommandStore
  readonly #target: CommandTarget
  readonly #answerWith: (task: number, command: number) => void
  /** Those that are being carried out. */
  readonly #begun = new Set<number>()
  /** Some had to be left, as at the start some may have been. */
  #left = true
  #timer: Timer | undefined
  #closed = false

  /** `answerWith` has the first record of a task answer a command as it is written, so that a rerun happens once. */
  constructor(store: CommandStore, target: CommandTarget, answerWith: (task: number, command: number) => void) {
    this.#store = store
    this.#target = target
    this.#answerWith = answerWith
  }

  /** Carries out what is there, and then looks again and again. */
  look(): void {
    const all = this.#left
    this.#left = false
    try {
      for (const command of this.#store.commands(all)) if (!this.#begun.has(command.id)) this.#obey(command)
    } catch {
      // The store may be in trouble, which its writes tell of.
      this.#left = true
    }
    // Nobody else lives in the time of a test, which would never stand still.
    if (!this.#closed && isRealTime()) this.#timer = startBackgroundTimer(PAUSE, () => this.look())
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  #obey({ id, action, task }: StoreCommand): void {
    this.#begun.add(id)
    try {
      if (action === 'cancel') void this.#cancel(id, task)
      else this.#rerun(id, task)
    } catch (error) {
      if (error instanceof QueueFullError || error instanceof ManagerClosedError) this.#leave(id)
      else this.#answer(id, { problem: reasonOf(error) })
    }
  }

  #rerun(id: number, task: number): void {
    const again = this.#target.rerun(task)
    this.#answerWith(again.id, id)
    again.accepted.then(
      () => this.#begun.delete(id),
      error => this.#answer(id, { problem: reasonOf(error) }),
    )
  }

  async #cancel(id: number, task: number): Promise<void> {
    try {
      const cancelled = await this.#target.cancel(task, REASON)
      // What is answered is in the file.
      await this.#target.flush().catch(() => {})
      const record = this.#target.getRecord(task)
      if (record === undefined) return this.#answer(id, { problem: `there is no task ${task}` })
      const { status, abandoned } = record
      this.#answer(id, { status, cancelled, ...(abandoned && { abandoned }) })
    } catch (error) {
      this.#answer(id, { problem: reasonOf(error) })
    }
  }

  #answer(id: number, answer: CommandAnswer): void {
    try {
      this.#store.answer(id, answer)
      this.#begun.delete(id)
    } catch {
      this.#leave(id)
    }
  }

  /** For the next look, or the next runner. */
  #leave(id: number): void {
    this.#begun.delete(id)
    this.#left = true
  }
}
