import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { StoreError } from '../../src/base/errors.ts'
import { sqliteStore } from '../../src/sqlite.ts'
import { filesIn, temporaryFolder, withDatabase } from './files.ts'
import { idsOf, pendingTask } from './tasks.ts'

/** Another process that runs a script with an open `database`, `send` and `next`: what it is sent, one after another. */
function reader(path: string, script: string): { said(): Promise<unknown>; tell(): void; ended: Promise<unknown> } {
  const program = `
    const { DatabaseSync } = require('node:sqlite')
    const database = new DatabaseSync(${JSON.stringify(path)})
    const send = value => process.send(value)
    const next = () => new Promise(resolve => process.once('message', resolve))
    const ids = () => database.prepare('SELECT id FROM tasks ORDER BY id').all().map(({ id }) => id)
    void (async () => { ${script}; database.close(); process.disconnect() })()
  `
  const args = ['--disable-warning=ExperimentalWarning', '--eval', program]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return {
    said: async () => (await once(child, 'message'))[0],
    tell: () => void child.send('go on'),
    ended: once(child, 'close'),
  }
}

describe('a file that is open', () => {
  it('can be read by other processes, as it was when they began', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    const store = sqliteStore(path)
    await store.open(0)
    await store.write([pendingTask(1)])
    const script = `
      database.exec('BEGIN'); send(ids()); await next(); send(ids()); await next()
      database.exec('COMMIT'); send(ids())`
    const other = reader(path, script)
    expect(await other.said()).toEqual([1])
    // Who reads holds up nobody.
    await store.write([pendingTask(2)])
    other.tell()
    expect(await other.said()).toEqual([1])
    other.tell()
    expect(await other.said()).toEqual([1, 2])
    await other.ended
    await store.write([pendingTask(3)])
    await store.close()
    expect(idsOf((await store.open(0)).unfinished)).toEqual([1, 2, 3])
    await store.close()
  })

  it('is closed while others read it, and opened again, with nothing lost', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    const store = sqliteStore(path)
    await store.open(0)
    await store.write([pendingTask(1)])
    const other = reader(path, `database.exec('BEGIN'); send(ids()); await next()`)
    await other.said()
    await store.close()
    expect(idsOf((await store.open(0)).unfinished)).toEqual([1])
    await store.write([pendingTask(2)])
    other.tell()
    await other.ended
    await store.write([pendingTask(3)])
    await store.close()
    expect(idsOf((await store.open(0)).unfinished)).toEqual([1, 2, 3])
    await store.close()
  })

  it('waits for what another writes, and says so when that takes too long', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    const store = sqliteStore(path)
    await store.open(0)
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    await expect(store.write([pendingTask(1)])).rejects.toThrow(StoreError)
    await expect(store.write([pendingTask(1)])).rejects.toThrow(/tasks\.db is locked by another program/)
    other.exec('COMMIT')
    other.close()
    await store.write([pendingTask(2)])
    await store.close()
    expect(idsOf((await store.open(0)).unfinished)).toEqual([2])
    await store.close()
  })
})

describe('the lock of a file', () => {
  it('is not had while an earlier version has the file for itself', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    const store = sqliteStore(path)
    await store.open(0)
    await store.close()
    const earlier = new DatabaseSync(path)
    earlier.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT')
    await expect(store.open(0)).rejects.toThrow(/tasks\.db is in use: .* has it open, and a store has one runner/)
    earlier.close()
    await store.open(0)
    await store.close()
  })

  it('keeps an earlier version out', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    const store = sqliteStore(path)
    await store.open(0)
    const earlier = new DatabaseSync(path)
    expect(() => earlier.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; SELECT * FROM tasks')).toThrow(
      /locked/,
    )
    earlier.close()
    await store.close()
  })

  it('may be had by all who may write to the file', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    withDatabase(path, database => database.exec('PRAGMA journal_mode = WAL'))
    chmodSync(path, 0o662)
    const store = sqliteStore(path)
    await store.open(0)
    await store.close()
    expect(statSync(`${path}-lock`).mode & 0o777).toBe(0o662)
  })

  it('leaves nothing beside a file that is no store', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'notes.db')
    withDatabase(path, database => database.exec('CREATE TABLE notes (text)'))
    await expect(sqliteStore(path).open(0)).rejects.toThrow(/another program/)
    expect(filesIn(folder)).toEqual(['notes.db'])
  })
})
