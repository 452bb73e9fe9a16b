import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { StoredQuery, StoredTask } from '../types.ts'
import { COLUMNS, FAILED, taskOf } from './rows.ts'

/** The version of the schema since when there are tags, keys, and an index of what has failed. */
export const TAGS_SINCE = 4

/**
 * The tasks of a file that fit, from the highest id to the lowest; those that are damaged are left out. `version`: that of
 * its schema, where it may be an earlier one.
 */
export function* tasksIn(database: DatabaseSync, query: StoredQuery, version = TAGS_SINCE): Generator<StoredTask> {
  const { tag } = query
  if (tag !== undefined && version < TAGS_SINCE) return
  const { sql, values } = selectionOf(query, version)
  const statement = database.prepare(sql)
  statement.setReadBigInts(true)
  for (const row of statement.iterate(...values)) {
    const task = taskOf(row)
    if (task !== undefined && (tag === undefined || task.tags?.includes(tag) === true)) yield task
  }
}

/** By the indices, as far as there are such. */
function selectionOf(
  { id, status, type, name, tag, before, keyAfter }: StoredQuery,
  version: number,
): { sql: string; values: SQLInputValue[] } {
  const values: SQLInputValue[] = []
  const conditions = ['TRUE']
  const add = (condition: string, ...more: SQLInputValue[]) => {
    conditions.push(condition)
    values.push(...more)
  }
  let index = 'NOT INDEXED'
  if (tag !== undefined) {
    index = 'INDEXED BY tasks_tagged'
    // Finds no fewer than those that have it.
    add('tags IS NOT NULL AND instr(tags, ?)', JSON.stringify(tag))
  }
  if (id !== undefined) add('id = ?', id)
  if (before !== undefined) add('id < ?', before)
  if (status !== undefined) {
    add(`status IN (${status.map(() => '?')})`, ...status)
    if (tag === undefined && version >= TAGS_SINCE && status.every(each => each === 'failed')) {
      add(`id IN (SELECT id FROM tasks INDEXED BY tasks_failed WHERE ${FAILED})`)
    } else if (tag === undefined && !status.some(each => ENDED.includes(each))) {
      index = 'INDEXED BY tasks_unfinished'
      add('ended_at IS NULL')
    }
  }
  // In a query of its own, by which no other index is needed.
  if (keyAfter !== undefined) add('id IN (SELECT id FROM tasks INDEXED BY tasks_keyed WHERE key_until > ?)', keyAfter)
  if (type !== undefined) add('type = ?', type)
  if (name !== undefined) add('name = ?', name)
  const columns = version < TAGS_SINCE ? COLUMNS.replace('tags, key_until', 'NULL AS tags, NULL AS key_until') : COLUMNS
  return {
    sql: `SELECT ${columns} FROM tasks ${index} WHERE ${conditions.join(' AND ')} ORDER BY id DESC`,
    values,
  }
}

const ENDED: readonly string[] = ['done', 'failed', 'cancelled']
