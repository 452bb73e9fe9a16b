import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { attempt } from '../../base/attempt.ts'
import type { StoredTask } from '../types.ts'

export type Row = Record<string, SQLOutputValue>

/** The columns of a task, in the order of {@link parametersOf}. */
export const COLUMNS =
  'id, name, type, status, created_at, updated_at, ended_at, record, job, session, tags, key_until, checksum'

/** Which rows have ended: those that failed, and all others; as the indices are declared. */
export const FAILED = `ended_at IS NOT NULL AND status = 'failed'`
export const NOT_FAILED = `ended_at IS NOT NULL AND status <> 'failed'`

/** What a row of this task has in its columns; `session` is the stretch of time in which it is written: see `EndOrder`. */
function parametersOf(task: StoredTask, session: number): (string | number | null)[] {
  const {
    id,
    name,
    type = null,
    status,
    createdAt,
    updatedAt,
    endedAt = null,
    record,
    job = null,
    keyUntil = null,
  } = task
  const tags = task.tags === undefined ? null : JSON.stringify(task.tags)
  const values = [id, name, type, status, createdAt, updatedAt, endedAt, record, job, session, tags, keyUntil]
  values.push(checksumOf(values))
  return values
}

/** The task of a row, or `undefined` when that is not as it was written. Its integers have to come as BigInts. */
export function taskOf(row: Row): StoredTask | undefined {
  const { id, name, type, status, created_at, updated_at, ended_at, record, job, session, tags, key_until, checksum } =
    numbersOf(row)
  const values = [id, name, type, status, created_at, updated_at, ended_at, record, job, session, tags, key_until]
  if (checksum !== checksumOf(values)) return undefined
  const task = {
    id,
    name,
    ...(type !== null && { type }),
    ...(tags !== null && { tags: attempt(() => JSON.parse(String(tags))) }),
    status,
    createdAt: created_at,
    updatedAt: updated_at,
    ...(ended_at !== null && { endedAt: ended_at }),
    ...(key_until !== null && { keyUntil: key_until }),
    record,
    ...(job !== null && { job }),
  }
  return isTask(task) ? task : undefined
}

/** The columns that every row has had a checksum over. */
const FIRST = 10

/**
 * Over all that a row has, of later columns those that are not null: a damaged page may change any column of it. CRC-32 finds every damage of up to 32 bits in a row
 * and all but one of 2^32 others, which is what disks do; a hash would be slower, and no one forges what they may as well
 * write. What is in files depends on it: it never changes.
 */
export function checksumOf(values: readonly unknown[]): number {
  // By their places: taking an array apart costs as much as the checksum.
  const head = `${values[0]}\n${values[1]}\n${values[2]}\n${values[3]}`
  const times = `${values[4]}\n${values[5]}\n${values[6]}`
  let text = `${head}\n${times}\n${values[7]}\n${values[8]}\n${values[9]}`
  for (let column = FIRST; column < values.length; column++) {
    const value = values[column]
    if (value !== null) text += `\n${column}=${value}`
  }
  return crc32(text)
}

/** Read as numbers, one integer past 2^53 would throw for all rows. */
function numbersOf(row: Row): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
  )
}

const SHAPE = {
  id: 'number',
  name: 'string',
  type: 'string',
  tags: 'object',
  status: 'string',
  createdAt: 'number',
  updatedAt: 'number',
  endedAt: 'number',
  keyUntil: 'number',
  record: 'string',
  job: 'string',
}

/** A damaged schema may have had other types written. */
function isTask(task: object): task is StoredTask {
  return Object.entries(task).every(([name, value]) => typeof value === SHAPE[name as keyof typeof SHAPE])
}

/** What a file is asked and told, prepared once. */
export class SqliteStatements {
  readonly #put
  readonly #lastId
  readonly #unfinished
  readonly #lastEnded
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
    // Both indices are in that order, so that no more rows are read than are asked for.
    this.#lastEnded = database.prepare(
      `SELECT ${COLUMNS} FROM (SELECT * FROM tasks INDEXED BY tasks_failed WHERE ${FAILED}
         UNION ALL SELECT * FROM tasks INDEXED BY tasks_ended WHERE ${NOT_FAILED}
         ORDER BY session DESC, ended_at DESC, id DESC LIMIT ?)`,
    )
    const latest = database.prepare(
      `SELECT max((SELECT ifnull(max(session), 0) FROM tasks INDEXED BY tasks_failed WHERE ${FAILED}),
         (SELECT ifnull(max(session), 0) FROM tasks INDEXED BY tasks_ended WHERE ${NOT_FAILED})) AS number`,
    )
    for (const statement of [this.#lastId, this.#unfinished, this.#lastEnded, latest]) statement.setReadBigInts(true)
    this.latestSession = numberIn(latest.get())
  }

  /** In place of what is there under its id. */
  put(task: StoredTask, session: number): void {
    this.#put.run(...parametersOf(task, session))
  }

  /** The highest id there ever was. */
  lastId(): number {
    return numberIn(this.#lastId.get())
  }

  unfinished(): Iterable<Row> {
    return this.#unfinished.iterate()
  }

  /** The latest is the first. */
  lastEnded(most: number): Iterable<Row> {
    const everything = -1
    return this.#lastEnded.iterate(most === Number.POSITIVE_INFINITY ? everything : most)
  }
}

function numberIn(row: Row | undefined): number {
  return Number(row?.number ?? 0)
}
