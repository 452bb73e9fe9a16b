import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { SqliteLock } from '../../src/store/sqlite/lock.ts'
import { SqliteSession } from '../../src/store/sqlite/sqlite-store.ts'
import { temporaryFolder } from './files.ts'

const [NORMAL, FULL] = [1, 2]

describe.each([
  ['full', FULL, 1],
  ['normal', NORMAL, 0],
] as const)('a session that is %s synchronous', (synchronous, level, fullfsync) => {
  it('lets others read, and has a batch on the disk as is asked', () => {
    const path = join(temporaryFolder(), 'tasks.db')
    const database = new DatabaseSync(path)
    const lock = new SqliteLock(DatabaseSync, path)
    const session = new SqliteSession(database, { path, synchronous }, lock)
    const setting = (name: string) => database.prepare(`PRAGMA ${name}`).get()?.[name]
    expect(setting('locking_mode')).toBe('normal')
    expect(setting('journal_mode')).toBe('wal')
    expect(setting('synchronous')).toBe(level)
    expect(setting('fullfsync')).toBe(fullfsync)
    session.close()
  })
})

describe('a session that can not be had', () => {
  it('gives the file free', () => {
    const path = join(temporaryFolder(), 'tasks.db')
    const foreign = new DatabaseSync(path)
    foreign.exec('CREATE TABLE notes (text)')
    foreign.close()
    const settings = { path, synchronous: 'full' } as const
    const database = new DatabaseSync(path)
    expect(() => new SqliteSession(database, settings)).toThrow(/another program/)
    expect(() => database.exec('SELECT 1')).toThrow(/not open/)
  })
})
