import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/base/errors.ts'
import { sqliteStore } from '../../src/sqlite.ts'
import type { StoreContents } from '../../src/store/types.ts'
import { changeSchema, inspect, temporaryFolder, withDatabase } from './files.ts'
import { endedTask, idsOf, pendingTask } from './tasks.ts'

const EVERYTHING = Number.POSITIVE_INFINITY

/** Two that have not ended, and three that have. */
async function makeStore(): Promise<string> {
  const path = join(temporaryFolder(), 'tasks.db')
  const store = sqliteStore(path)
  await store.open(0)
  await store.write([pendingTask(1), pendingTask(2), endedTask(3, 30), endedTask(4, 40), endedTask(5, 50)])
  await store.close()
  return path
}

async function contentsOf(path: string): Promise<StoreContents> {
  const store = sqliteStore(path)
  try {
    return await store.open(EVERYTHING)
  } finally {
    await store.close()
  }
}

const damagedIn = (path: string) => inspect(path, 'SELECT id, name, record, job FROM damaged')

describe('a record that was changed in the file', () => {
  it.each([
    ['name', `'resize photo 7'`],
    ['name', '7'],
    ['name', `x'00ff'`],
    ['type', 'NULL'],
    ['type', `'imagf'`],
    ['status', `'running'`],
    ['created_at', '1700000000003'],
    ['created_at', '9223372036854775807'],
    ['updated_at', `'soon'`],
    ['ended_at', '12'],
    ['record', `'{"id":2,"attempts":[ ]}'`],
    ['job', 'NULL'],
    ['job', `'{"file":"3.jpg"}'`],
    ['session', '2'],
    ['checksum', 'checksum + 1'],
    ['checksum', 'NULL'],
    ['id', '7'],
    ['id', '9007199254740993'],
  ])('is kept apart, and named, when its %s became %s', async (column, value) => {
    const path = await makeStore()
    withDatabase(path, database => database.exec(`UPDATE tasks SET ${column} = ${value} WHERE id = 2`))
    const id = column === 'id' ? Number(value) : 2
    for (let opening = 0; opening < 2; opening++) {
      const { lastId, unfinished, ended, damaged = [] } = await contentsOf(path)
      expect([lastId, idsOf(unfinished), idsOf(ended)]).toEqual([5, [1], [3, 4, 5]])
      expect(damaged.map(one => one.id)).toEqual([id])
      expect(damaged[0]?.error).toBeInstanceOf(StoreError)
      expect(damaged[0]?.error.message).toMatch(`the record of task ${id} in ${path} is damaged`)
    }
    expect(inspect(path, 'SELECT count(*) AS kept FROM damaged')).toEqual([{ kept: 1 }])
  })

  it('is left as it is, for a person to look at', async () => {
    const path = await makeStore()
    withDatabase(path, database => database.exec(`UPDATE tasks SET job = '{}' WHERE id = 2`))
    await contentsOf(path)
    const { name, record } = pendingTask(2)
    expect(damagedIn(path)).toEqual([{ id: 2, name, record, job: '{}' }])
  })

  it('is forgotten once it is removed from where it is kept', async () => {
    const path = await makeStore()
    withDatabase(path, database => database.exec(`UPDATE tasks SET job = '{}' WHERE id = 2`))
    await contentsOf(path)
    withDatabase(path, database => database.exec('DELETE FROM damaged'))
    expect(await contentsOf(path)).not.toHaveProperty('damaged')
  })

  it('does not keep others from being written or removed', async () => {
    const path = await makeStore()
    withDatabase(path, database => database.exec('UPDATE tasks SET updated_at = 1 WHERE id IN (2, 5)'))
    const store = sqliteStore(path)
    expect((await store.open(EVERYTHING, { count: 2, for: EVERYTHING })).damaged?.map(({ id }) => id)).toEqual([2, 5])
    await store.write([endedTask(1, 60)])
    await store.close()
    const { unfinished, ended } = await contentsOf(path)
    expect([idsOf(unfinished), idsOf(ended)]).toEqual([[], [4, 1]])
  })
})

describe('a damaged record that took the id of another', () => {
  it('is named by its own, and the other is whole', async () => {
    const path = await makeStore()
    withDatabase(path, database => database.exec('UPDATE tasks SET id = 6 WHERE id = 5'))
    const store = sqliteStore(path)
    const { damaged, lastId } = await store.open(EVERYTHING)
    expect([lastId, damaged?.map(({ id }) => id)]).toEqual([5, [6]])
    await store.write([pendingTask(6)])
    await store.close()
    const { unfinished, ...others } = await contentsOf(path)
    expect(idsOf(unfinished)).toEqual([1, 2, 6])
    expect(others).not.toHaveProperty('damaged')
  })
})

describe('an index that was changed in the file', () => {
  /** Behind the back of an index. */
  function withoutIndex(path: string, index: string, statement: string): void {
    const [row] = inspect(path, `SELECT sql FROM sqlite_schema WHERE name = '${index}'`)
    const become = (sql: string) =>
      changeSchema(path, `UPDATE sqlite_schema SET sql = '${sql.replaceAll("'", "''")}' WHERE name = '${index}'`)
    become(`${row?.sql} AND id < 0`)
    withDatabase(path, database => database.exec(statement))
    become(`${row?.sql}`)
  }

  it('is made anew when it lacks a row', async () => {
    const path = await makeStore()
    const whole = await contentsOf(path)
    withoutIndex(path, 'tasks_unfinished', 'REINDEX tasks_unfinished')
    expect(inspect(path, 'PRAGMA integrity_check')[0]?.integrity_check).toMatch(/missing from index|wrong # of entries/)
    expect(await contentsOf(path)).toStrictEqual(whole)
    expect(inspect(path, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
  })

  it('names what is gone from the table', async () => {
    const path = await makeStore()
    withoutIndex(path, 'tasks_ended', 'DELETE FROM tasks WHERE id = 4')
    const { unfinished, ended, damaged } = await contentsOf(path)
    expect([idsOf(unfinished), idsOf(ended)]).toEqual([
      [1, 2],
      [3, 5],
    ])
    expect(damaged?.map(({ id }) => id)).toEqual([4])
    expect(damagedIn(path)).toEqual([{ id: 4, name: null, record: null, job: null }])
  })
})

describe('a file whose pages do not fit together', () => {
  it('is refused, and left as it is, though each row can be read', async () => {
    const path = await makeStore()
    // https://sqlite.org/fileformat2.html#the_database_header: the number of pages that are free, of which there are none.
    const bytes = readFileSync(path)
    bytes.writeUInt32BE(1, 36)
    writeFileSync(path, bytes)
    for (let opening = 0; opening < 2; opening++) {
      await expect(contentsOf(path)).rejects.toThrow(/is damaged: put a backup in its place/)
    }
    expect(inspect(path, 'SELECT count(*) AS rows FROM tasks')).toEqual([{ rows: 5 }])
  })
})

describe('the last id', () => {
  it('is never below one that is in the file', async () => {
    const path = await makeStore()
    withDatabase(path, database => database.exec(`UPDATE sqlite_sequence SET seq = 2 WHERE name = 'tasks'`))
    expect((await contentsOf(path)).lastId).toBe(5)
  })

  it('may be past what numbers can tell apart', async () => {
    const path = await makeStore()
    withDatabase(path, database => database.exec('UPDATE sqlite_sequence SET seq = 9007199254740993'))
    expect((await contentsOf(path)).lastId).toBeGreaterThanOrEqual(2 ** 53)
  })
})
