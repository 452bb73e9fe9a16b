import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { StoreError, TaskNotRerunnableError } from '../../src/base/errors.ts'
import { SleepTask, TaskRunner } from '../../src/index.ts'
import { sqliteStore } from '../../src/sqlite.ts'
import { failureOf } from '../work.ts'
import { changeSchema, inspect, temporaryFolder, withDatabase } from './files.ts'
import { endedTask, pendingTask } from './tasks.ts'

/** As the first version made it, written out: what is in files does not change with the code. */
const VERSION_1 = `
  PRAGMA application_id = 1414744915;
  PRAGMA user_version = 1;
  CREATE TABLE tasks (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL,
    type       TEXT,
    status     TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    ended_at   INTEGER,
    record     TEXT NOT NULL,
    job        TEXT
  );
  INSERT INTO tasks VALUES
    (1, 'resize photo 1', 'image', 'pending', 1700000000001, 1700000000001, NULL, '{"id":1,"attempts":[]}', '{"file":"1.jpg"}'),
    (3, 'resize photo 3', 'image', 'done', 1700000000003, 30, 30, '{"id":3,"attempts":[]}', NULL),
    (4, 'resize photo 4', 'image', 'done', 1700000000004, 20, 20, '{"id":4,"attempts":[]}', NULL),
    (9, 'gone', NULL, 'done', 1, 1, 1, '{}', NULL);
  DELETE FROM tasks WHERE id = 9;
`

function version1(statements = ''): string {
  const path = join(temporaryFolder(), 'tasks.db')
  withDatabase(path, database => database.exec(VERSION_1 + statements))
  return path
}

const versionOf = (path: string) => inspect(path, 'PRAGMA user_version')[0]?.user_version
const indicesOf = (path: string) => inspect(path, `SELECT name, sql FROM sqlite_schema WHERE type = 'index'`)

async function openAndClose(path: string): Promise<void> {
  const store = sqliteStore(path)
  try {
    await store.open(0)
  } finally {
    await store.close()
  }
}

describe('a file of version 1', () => {
  it('opens with all that is in it', async () => {
    const store = sqliteStore(version1())
    expect(await store.open(10)).toStrictEqual({
      lastId: 9,
      unfinished: [pendingTask(1)],
      ended: [endedTask(4, 20), endedTask(3, 30)],
    })
    await store.close()
  })

  it('is of the version of today from then on, like a new one', async () => {
    const [old, fresh] = [version1(), join(temporaryFolder(), 'tasks.db')]
    await openAndClose(old)
    await openAndClose(fresh)
    expect(versionOf(old)).toBe(4)
    expect(versionOf(fresh)).toBe(4)
    expect(indicesOf(old)).toHaveLength(6)
    expect(indicesOf(old)).toEqual(indicesOf(fresh))
    await openAndClose(old)
  })

  it('stays one, whole, when the step to the next fails', async () => {
    const path = version1('CREATE INDEX tasks_ended ON tasks (name)')
    const before = inspect(path, 'SELECT name FROM sqlite_schema')
    await expect(openAndClose(path)).rejects.toThrow(StoreError)
    await expect(openAndClose(path)).rejects.toThrow(
      /^SQLite could not open .*tasks\.db: index tasks_ended already exists/,
    )
    expect(versionOf(path)).toBe(1)
    expect(inspect(path, 'SELECT name FROM sqlite_schema')).toEqual(before)
    expect(inspect(path, 'SELECT count(*) AS tasks FROM tasks')).toEqual([{ tasks: 3 }])
    withDatabase(path, database => database.exec('DROP INDEX tasks_ended'))
    await openAndClose(path)
    expect(versionOf(path)).toBe(4)
  })
})

describe('a file of version 2', () => {
  /** As the second version left it. */
  const version2 = () =>
    version1(`
      PRAGMA user_version = 2;
      CREATE INDEX tasks_unfinished ON tasks (id) WHERE ended_at IS NULL;
      CREATE INDEX tasks_ended ON tasks (ended_at, id) WHERE ended_at IS NOT NULL;
    `)

  it('opens with all that is in it, and has checksums from then on', async () => {
    const path = version2()
    for (let opening = 0; opening < 2; opening++) {
      const store = sqliteStore(path)
      expect(await store.open(10)).toStrictEqual({
        lastId: 9,
        unfinished: [pendingTask(1)],
        ended: [endedTask(4, 20), endedTask(3, 30)],
      })
      await store.close()
    }
    expect(inspect(path, 'SELECT count(checksum) AS checked, max(session) AS session FROM tasks')).toEqual([
      { checked: 3, session: 0 },
    ])
  })

  it('is refused, and left as it is, when its pages do not fit together', async () => {
    const path = version2()
    changeSchema(path, `UPDATE sqlite_schema SET rootpage = 2 WHERE name = 'tasks_ended'`)
    await expect(openAndClose(path)).rejects.toThrow(StoreError)
    await expect(openAndClose(path)).rejects.toThrow(/tasks\.db is damaged: put a backup in its place/)
    expect(versionOf(path)).toBe(2)
  })
})

describe('a new file', () => {
  it('says whose it is', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    await openAndClose(path)
    expect(inspect(path, 'PRAGMA application_id')).toEqual([{ application_id: 1_414_744_915 }])
  })

  it('becomes one when its making was cut off before there was anything in it', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    withDatabase(path, database => database.exec('PRAGMA journal_mode = WAL'))
    await openAndClose(path)
    expect(versionOf(path)).toBe(4)
  })
})

describe('a file that version 3 has made', () => {
  /** By a runner, with a nap that ran and one that waited when it was closed. */
  function version3(): string {
    const path = join(temporaryFolder(), 'tasks.db')
    copyFileSync(new URL('../fixtures/store/version-3.db', import.meta.url), path)
    return path
  }

  it('is taken over whole: its records are found, and what had not ended runs', async () => {
    const options = { tasks: [SleepTask], workers: 2, autoStart: false }
    await using runner = await TaskRunner.start({ store: sqliteStore(version3()), ...options })
    const found = runner.records().map(({ id, name, status, payload }) => [id, name, status, payload])
    expect(found).toEqual([
      [5, 'SleepTask', 'pending', { name: 'SleepTask', type: 'sleep', ms: 3 }],
      [4, 'long nap', 'pending', { name: 'long nap', type: 'sleep', retry: 2, ms: 60_000 }],
      [3, 'task 3', 'done', undefined],
      [2, 'task 2', 'failed', undefined],
      [1, 'first nap', 'done', undefined],
    ])
    runner.resume()
    expect(await runner.wait(3)).toEqual({ answer: 42 })
    expect(await failureOf(runner.wait(2))).toEqual(new RangeError('too far'))
    expect(await runner.wait(5)).toBe('slept for 3 ms')
    await runner.cancel(4)
    // What it dropped is gone; what ends now can be run again.
    expect(() => runner.rerun(1)).toThrow(TaskNotRerunnableError)
    expect(await runner.rerun(5)).toBe('slept for 3 ms')
  })

  it('is damaged where its checksums say so', async () => {
    const path = version3()
    withDatabase(path, database => database.exec(`UPDATE tasks SET name = 'second nap' WHERE id = 1`))
    const store = sqliteStore(path)
    const { damaged } = await store.open(10)
    await store.close()
    expect(damaged?.map(({ id }) => id)).toEqual([1])
  })
})
