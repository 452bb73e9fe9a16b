import type { DatabaseSync } from 'node:sqlite'
import type { StoredTask } from '../types.ts'
import { COLUMNS, parametersOf, type Row } from './rows.ts'

/** What a file is asked and told, prepared once. */
export class SqliteStatements {
  readonly #put
  readonly #lastId
  readonly #unfinished
  readonly #lastEnded
  readonly #countEnded
  readonly #countEndedAmong
  readonly #removeOldest
  /** Of what has ended. */
  readonly latestSession: number

  constructor(database: DatabaseSync) {
    const placeholders = COLUMNS.replaceAll(/\w+/g, '?')
    const replacements = COLUMNS.replaceAll(/\w+/g, '$& = excluded.$&')
    this.#put = database.prepare(
      `INSERT INTO tasks (${COLUMNS}) VALUES (${placeholders}) ON CONFLICT (id) DO UPDATE SET ${replacements}`,
    )
    this.#lastId = database.prepare(`SELECT seq AS number FROM sqlite_sequence WHERE name = 'tasks'`)
    // The indices are named, since a file that has never been analysed may well be read from end to end instead.
    this.#unfinished = database.prepare(
      `SELECT ${COLUMNS} FROM tasks INDEXED BY tasks_unfinished WHERE ended_at IS NULL ORDER BY id`,
    )
    this.#lastEnded = database.prepare(
      `SELECT ${COLUMNS} FROM tasks INDEXED BY tasks_ended WHERE ended_at IS NOT NULL
       ORDER BY session DESC, ended_at DESC, id DESC LIMIT ?`,
    )
    this.#countEnded = database.prepare(
      'SELECT count(*) AS number FROM tasks INDEXED BY tasks_ended WHERE ended_at IS NOT NULL',
    )
    this.#countEndedAmong = database.prepare(
      `SELECT count(*) AS number FROM json_each(?) AS given CROSS JOIN tasks ON tasks.id = given.value WHERE ended_at IS NOT NULL`,
    )
    this.#removeOldest = database.prepare(
      `DELETE FROM tasks WHERE id IN (
         SELECT id FROM tasks INDEXED BY tasks_ended WHERE ended_at IS NOT NULL ORDER BY session, ended_at, id LIMIT ?
       )`,
    )
    const latest = database.prepare(
      'SELECT max(session) AS number FROM tasks INDEXED BY tasks_ended WHERE ended_at IS NOT NULL',
    )
    for (const statement of [this.#lastId, this.#unfinished, this.#lastEnded, latest]) statement.setReadBigInts(true)
    this.latestSession = numberOf(latest.get())
  }

  /** In place of what is there under its id. */
  put(task: StoredTask, session: number): void {
    this.#put.run(...parametersOf(task, session))
  }

  /** The highest id there ever was. */
  lastId(): number {
    return numberOf(this.#lastId.get())
  }

  unfinished(): Iterable<Row> {
    return this.#unfinished.iterate()
  }

  /** The latest is the first. */
  lastEnded(most: number): Iterable<Row> {
    const everything = -1
    return this.#lastEnded.iterate(most === Number.POSITIVE_INFINITY ? everything : most)
  }

  countEnded(): number {
    return numberOf(this.#countEnded.get())
  }

  /** How many of these the file has as ended. */
  countEndedAmong(tasks: readonly StoredTask[]): number {
    return numberOf(this.#countEndedAmong.get(JSON.stringify(tasks.map(task => task.id))))
  }

  /** Removes those that ended first. */
  removeOldest(howMany: number): void {
    this.#removeOldest.run(howMany)
  }
}

function numberOf(row: Row | undefined): number {
  return Number(row?.number ?? 0)
}
