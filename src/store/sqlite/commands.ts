import type { DatabaseSync } from 'node:sqlite'
import { attempt } from '../../base/attempt.ts'
import type { CommandAnswer, StoreCommand } from '../types.ts'

/** So many answers are kept, for those who asked: most take theirs at once. */
const KEPT = 1_000

/** What one process asks of another through a file: both sides. */
export class SqliteCommands {
  readonly #open
  readonly #answer
  readonly #forget
  readonly #ask
  readonly #look
  readonly #withdraw
  readonly #version
  #seen: unknown

  constructor(database: DatabaseSync) {
    this.#open = database.prepare(
      'SELECT id, action, task FROM commands INDEXED BY commands_open WHERE answer IS NULL ORDER BY id',
    )
    // One number past 2^53 would else throw for all of them.
    this.#open.setReadBigInts(true)
    this.#answer = database.prepare('UPDATE commands SET answer = ? WHERE id = ?')
    this.#forget = database.prepare('DELETE FROM commands WHERE answer IS NOT NULL AND id <= ?')
    this.#ask = database.prepare('INSERT INTO commands (action, task) VALUES (?, ?)')
    this.#look = database.prepare('SELECT answer FROM commands WHERE id = ?')
    this.#withdraw = database.prepare('DELETE FROM commands WHERE id = ? AND answer IS NULL')
    this.#version = database.prepare('PRAGMA data_version')
  }

  /** Whether others have written to the file since this was asked last. */
  hasChanged(): boolean {
    const version = this.#version.get()?.data_version
    const changed = version !== this.#seen
    this.#seen = version
    return changed
  }

  /** What was not answered yet; nothing when nothing new has come, unless all of it is asked for. */
  open(all: boolean): readonly StoreCommand[] {
    if (!this.hasChanged() && !all) return []
    return this.#open.all().flatMap(({ id, action, task }) => {
      // Anyone who may write to the file may have written anything.
      if (action !== 'rerun' && action !== 'cancel') return []
      return [{ id: Number(id), action, task: Number(task) }]
    })
  }

  answer(command: number, answer: CommandAnswer): void {
    this.#answer.run(JSON.stringify(answer), command)
    this.#forget.run(command - KEPT)
  }

  /** Asks for something, and returns the id of the command. */
  ask(action: StoreCommand['action'], task: number): number {
    return Number(this.#ask.run(action, task).lastInsertRowid)
  }

  answerTo(command: number): CommandAnswer | undefined {
    const answer = this.#look.get(command)?.answer
    if (typeof answer !== 'string') return undefined
    return Object(attempt(() => JSON.parse(answer)))
  }

  /** Takes back what was not answered. */
  withdraw(command: number): void {
    this.#withdraw.run(command)
  }
}
