import type { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../../base/errors.ts'
import type { DamagedTask } from '../types.ts'
import { COLUMNS, FAILED, NOT_FAILED, type Row, taskOf } from './rows.ts'

/**
 * What is wrong with the pages of a file and its indices; `undefined` when nothing is. Reads all of it, about a second for
 * a million tasks: no cheaper check finds a row that is gone.
 */
export function findingOf(database: DatabaseSync): string | undefined {
  return pagesFinding(database) ?? countsFinding(database)
}

/** Refuses a file whose pages don't fit together: what is missing in it could not be told. */
export function requireSoundPages(database: DatabaseSync, path: string): void {
  const finding = pagesFinding(database)
  if (finding !== undefined) throw damagedFile(path, finding)
}

function pagesFinding(database: DatabaseSync): string | undefined {
  const finding = String(database.prepare('PRAGMA integrity_check(1)').get()?.integrity_check)
  return finding === 'ok' ? undefined : finding
}

/** Of partial indices SQLite checks only that they have what is in the table, not that there is no more in them. */
function countsFinding(database: DatabaseSync): string | undefined {
  const count = (from: string) => Number(database.prepare(`SELECT count(*) AS count FROM tasks ${from}`).get()?.count)
  const tasks = count('NOT INDEXED')
  const indexed = INDICES.reduce((sum, index) => sum + count(index), 0)
  return tasks === indexed ? undefined : `the indices have ${indexed} tasks, the table has ${tasks}`
}

const INDICES = [
  'INDEXED BY tasks_unfinished WHERE ended_at IS NULL',
  `INDEXED BY tasks_failed WHERE ${FAILED}`,
  `INDEXED BY tasks_ended WHERE ${NOT_FAILED}`,
]

export function damagedFile(path: string, finding: string): StoreError {
  const remedy = 'put a backup in its place, or move it away to begin with an empty store'
  return new StoreError(`${path} is damaged: ${remedy} (${finding.replaceAll(/\s+/g, ' ')})`)
}

/**
 * Moves every row that is not as it was written to the table of the damaged, and makes the indices anew from the others.
 * Happens as a whole, or throws and leaves the file as it is, when its pages are damaged as well.
 */
export function setDamagedApart(database: DatabaseSync, path: string): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    const missing = indexedIds(database)
    const damaged: bigint[] = []
    for (const row of everyRow(database)) {
      missing.delete(row.id as bigint)
      if (taskOf(row) === undefined) damaged.push(row.id as bigint)
    }
    // First of all: by damaged indices a row could not be removed from them.
    database.exec('REINDEX tasks')
    const keep = database.prepare(`INSERT INTO damaged (${COLUMNS}) SELECT ${COLUMNS} FROM tasks WHERE id = ?`)
    const remove = database.prepare('DELETE FROM tasks WHERE id = ?')
    for (const id of damaged) {
      keep.run(id)
      remove.run(id)
    }
    const name = database.prepare('INSERT INTO damaged (id) VALUES (?)')
    for (const id of missing) name.run(id)
    requireSoundPages(database, path)
    database.exec('COMMIT')
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}

/** The ids that the indices know: of a row that is gone, or has another id now, nothing else is left. */
function indexedIds(database: DatabaseSync): Set<bigint> {
  const ids = new Set<bigint>()
  for (const index of INDICES) {
    const statement = database.prepare(`SELECT id FROM tasks ${index}`)
    statement.setReadBigInts(true)
    for (const { id } of statement.all()) ids.add(id as bigint)
  }
  return ids
}

function everyRow(database: DatabaseSync): Iterable<Row> {
  const statement = database.prepare(`SELECT ${COLUMNS} FROM tasks NOT INDEXED`)
  statement.setReadBigInts(true)
  return statement.iterate()
}

/**
 * Those that were set apart, now or earlier, until they are removed from their table. Where the id itself was damaged it
 * may be that of a task that is whole, which is not among them: the id that was is, since the indices knew it.
 */
export function damagedTasks(database: DatabaseSync, path: string): DamagedTask[] {
  const statement = database.prepare(
    'SELECT DISTINCT id FROM damaged WHERE id NOT IN (SELECT id FROM tasks) ORDER BY id',
  )
  statement.setReadBigInts(true)
  return statement.all().map(row => {
    const id = Number(row.id)
    return { id, error: damagedRecord(id, path) }
  })
}

function damagedRecord(id: number, path: string): StoreError {
  return new StoreError(
    `the record of task ${id} in ${path} is damaged, and neither shown nor run again: what is left of it is in the table damaged there; restore it from a backup, or remove it from that table`,
  )
}
