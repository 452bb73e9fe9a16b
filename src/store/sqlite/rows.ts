import type { SQLOutputValue } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import type { StoredTask } from '../types.ts'

export type Row = Record<string, SQLOutputValue>

/** The columns of a task, in the order of {@link parametersOf}. */
export const COLUMNS = 'id, name, type, status, created_at, updated_at, ended_at, record, job, session, checksum'

/** What a row of this task has in its columns; `session` is the stretch of time in which it is written: see `EndOrder`. */
export function parametersOf(task: StoredTask, session: number): (string | number | null)[] {
  const { id, name, type = null, status, createdAt, updatedAt, endedAt = null, record } = task
  const job = endedAt === null ? (task.job ?? null) : null
  const values = [id, name, type, status, createdAt, updatedAt, endedAt, record, job, session]
  values.push(checksumOf(values))
  return values
}

/** The task of a row, or `undefined` when that is not as it was written. Its integers have to come as BigInts. */
export function taskOf(row: Row): StoredTask | undefined {
  const { id, name, type, status, created_at, updated_at, ended_at, record, job, session, checksum } = numbersOf(row)
  const values = [id, name, type, status, created_at, updated_at, ended_at, record, job, session]
  if (checksum !== checksumOf(values)) return undefined
  const task = {
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
  return isTask(task) ? task : undefined
}

/**
 * Over all that a row has: a damaged page may change any column of it. CRC-32 finds every damage of up to 32 bits in a row
 * and all but one of 2^32 others, which is what disks do; a hash would be slower, and no one forges what they may as well
 * write. What is in files depends on it: it never changes.
 */
export function checksumOf(values: readonly unknown[]): number {
  // By their places: taking an array apart costs as much as the checksum.
  const head = `${values[0]}\n${values[1]}\n${values[2]}\n${values[3]}`
  const times = `${values[4]}\n${values[5]}\n${values[6]}`
  return crc32(`${head}\n${times}\n${values[7]}\n${values[8]}\n${values[9]}`)
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
  status: 'string',
  createdAt: 'number',
  updatedAt: 'number',
  endedAt: 'number',
  record: 'string',
  job: 'string',
}

/** A damaged schema may have had other types written. */
function isTask(task: object): task is StoredTask {
  return Object.entries(task).every(([name, value]) => typeof value === SHAPE[name as keyof typeof SHAPE])
}
