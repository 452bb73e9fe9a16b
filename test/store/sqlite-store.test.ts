import { statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/base/errors.ts'
import { type SqliteStoreOptions, sqliteStore } from '../../src/sqlite.ts'
import { describeStore } from './conformance.ts'
import { filesIn, inspect, temporaryFolder } from './files.ts'
import { endedTask, idsOf, pendingTask } from './tasks.ts'

describeStore('the store in SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'taskscope-store-'))
  const open = () => sqliteStore(join(folder, 'tasks.db'))
  let store = open()
  return {
    store,
    reopen: async () => {
      await store.close()
      store = open()
      return store
    },
    dispose: () => rm(folder, { recursive: true }),
  }
})

describe('sqliteStore', () => {
  it('reads many tasks in pieces, with turns of the event loop in between', async () => {
    const store = sqliteStore(join(temporaryFolder(), 'tasks.db'), { synchronous: 'normal' })
    await store.open(0)
    await store.write(Array.from({ length: 5_000 }, (_, n) => (n % 2 === 0 ? pendingTask(n + 1) : endedTask(n + 1, n))))
    await store.close()
    let turns = 0
    let next = setImmediate(count)
    function count() {
      turns += 1
      next = setImmediate(count)
    }
    const { unfinished, ended } = await store.open(5_000)
    clearImmediate(next)
    expect(turns).toBeGreaterThanOrEqual(10)
    expect([unfinished.length, ended.length]).toEqual([2_500, 2_500])
    expect(idsOf(ended)).toEqual(idsOf(ended).toSorted((a, b) => a - b))
    await store.close()
  })

  it.each([[undefined], [null], [7], [new URL('file:///tasks.db')], [{}]])('refuses %o as a path', path => {
    expect(() => sqliteStore(path as string)).toThrow(TypeError)
    expect(() => sqliteStore(path as string)).toThrow(/^path must be a string/)
  })

  it.each(['', 'a\0b', 'file:///tasks.db'])('refuses %j as a path', path => {
    expect(() => sqliteStore(path)).toThrow(RangeError)
    expect(() => sqliteStore(path)).toThrow(/^path must be .*, got "/)
  })

  it.each([
    [7, TypeError, /^options must be an object/],
    [{ history: 7 }, TypeError, /^"history" must be a known option/],
    [{ synchronous: true }, TypeError, /^synchronous must be one of 'full', 'normal'/],
    [{ synchronous: 'off' }, RangeError, /^synchronous must be one of 'full', 'normal'/],
  ])('refuses %o as options', (options, type, message) => {
    const make = () => sqliteStore('tasks.db', options as SqliteStoreOptions)
    expect(make).toThrow(type)
    expect(make).toThrow(message)
  })

  it('names the file that was meant when it was called', async () => {
    const folder = temporaryFolder()
    const before = process.cwd()
    process.chdir(folder)
    const store = sqliteStore('tasks%20?mode=memory.db')
    process.chdir(before)
    await store.open(0)
    await store.write([pendingTask(1)])
    await store.close()
    expect(inspect(join(folder, 'tasks%20?mode=memory.db'), 'SELECT id FROM tasks')).toEqual([{ id: 1 }])
  })

  it('writes what a person can read in the sqlite3 shell', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    const store = sqliteStore(path)
    await store.open(0)
    await store.write([pendingTask(1, { status: 'running' }), endedTask(2, 1_700_000_000_020, { status: 'failed' })])
    await store.close()
    const columns = { created_at: 1_700_000_000_001, updated_at: 1_700_000_000_001, ended_at: null }
    expect(inspect(path, 'SELECT * FROM tasks ORDER BY id')).toEqual([
      {
        id: 1,
        name: 'resize photo 1',
        type: 'image',
        status: 'running',
        ...columns,
        record: '{"id":1,"attempts":[]}',
        job: '{"file":"1.jpg"}',
        session: 1,
        checksum: expect.any(Number),
        tags: null,
        key_until: null,
      },
      {
        id: 2,
        name: 'resize photo 2',
        type: 'image',
        status: 'failed',
        created_at: 1_700_000_000_002,
        updated_at: 1_700_000_000_020,
        ended_at: 1_700_000_000_020,
        record: '{"id":2,"attempts":[]}',
        job: null,
        session: 1,
        checksum: expect.any(Number),
        tags: null,
        key_until: null,
      },
    ])
  })

  it('leaves the file behind, and the empty one that is locked', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'tasks.db')
    const store = sqliteStore(path)
    await store.open(0)
    await store.write([pendingTask(1)])
    expect(filesIn(folder)).toEqual(['tasks.db', 'tasks.db-lock', 'tasks.db-shm', 'tasks.db-wal'])
    await store.close()
    expect(filesIn(folder)).toEqual(['tasks.db', 'tasks.db-lock'])
    expect(statSync(join(folder, 'tasks.db-lock')).size).toBe(0)
  })

  it('keeps nothing beyond the close in :memory:', async () => {
    const [store, other] = [sqliteStore(':memory:'), sqliteStore(':memory:')]
    await store.open(0)
    await store.write([pendingTask(1)])
    expect((await other.open(0)).lastId).toBe(0)
    await store.close()
    expect((await store.open(0)).lastId).toBe(0)
    await Promise.all([store.close(), other.close()])
  })

  it('is refused while another store of this process has the file open, which says so', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    const [store, other] = [sqliteStore(path), sqliteStore(path)]
    await store.open(0)
    await expect(other.open(0)).rejects.toThrow(StoreError)
    await expect(other.open(0)).rejects.toThrow(/tasks\.db is in use: another runner,? of this process.* has it open/)
    await store.write([pendingTask(1)])
    await store.close()
    expect(idsOf((await other.open(0)).unfinished)).toEqual([1])
    await other.close()
  })
})
