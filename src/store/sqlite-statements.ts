import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { StoredTask } from './types.ts'

const COLUMNS = 'id, name, type, status, created_at, updated_at, ended_at, record, job'

/** What a file is asked and told, prepared once. */
export class SqliteStatements {
  readonly #put
  readonly #lastId
  readonly #unfinished
  readonly #lastEnded
  readonly #countEnded
  readonly #countEndedAmong
  readonly #removeOldest

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
       ORDER BY ended_at DESC, id DESC LIMIT ?`,
    )
    this.#countEnded = database.prepare(
      'SELECT count(*) AS number FROM tasks INDEXED BY tasks_ended WHERE ended_at IS NOT NULL',
    )
    this.#countEndedAmong = database.prepare(
      `SELECT count(*) AS number FROM json_each(?) AS given CROSS JOIN tasks ON tasks.id = given.value WHERE ended_at IS NOT NULL`,
    )
    this.#removeOldest = database.prepare(
      `DELETE FROM tasks WHERE id IN (
         SELECT id FROM tasks INDEXED BY tasks_ended WHERE ended_at IS NOT NULL ORDER BY ended_at, id LIMIT ?
       )`,
    )
  }

  /** In place of what is there under its id. */
  put(task: StoredTask): void {
    const { id, name, type = null, status, createdAt, updatedAt, endedAt = null, record, job = null } = task
    this.#put.run(id, name, type, status, createdAt, updatedAt, endedAt, record, endedAt === null ? job : null)
  }

  /** The highest id there ever was. */
  lastId(): number {
    return numberOf(this.#lastId.get())
  }

  unfinished(): StoredTask[] {
    return this.#unfinished.all().map(storedTask)
  }

  /** The latest is the last. */
  lastEnded(most: number): StoredTask[] {
    const everything = -1
    return this.#lastEnded
      .all(most === Number.POSITIVE_INFINITY ? everything : most)
      .map(storedTask)
      .reverse()
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

type Row = Record<string, SQLOutputValue>

function numberOf(row: Row | undefined): number {
  return Number(row?.number ?? 0)
}

function storedTask(row: Row): StoredTask {
  const { id, name, type, status, created_at, updated_at, ended_at, record, job } = row as unknown as TaskRow
  return {
    id,
    name,
    ...(type !== null && { type }),
    status,
    createdAt: created_at,
    updatedAt: updated_at,
    ...(ended_at !== null && { endedAt: ended_at }),
    record,
    ...(job !== null && { job }),
  }
}

interface TaskRow extends Pick<StoredTask, 'id' | 'name' | 'status' | 'record'> {
  readonly type: string | null
  readonly created_at: number
  readonly updated_at: number
  readonly ended_at: number | null
  readonly job: string | null
}
