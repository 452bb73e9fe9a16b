import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { StoreError } from '../../base/errors.ts'
import type { TaskStatus } from '../../task/types.ts'
import type { StoredQuery, StoredTask } from '../types.ts'
import { SqliteCommands } from './commands.ts'
import { loadSqlite } from './connect.ts'
import { isBusy, LOCK, sqliteStoreError } from './errors.ts'
import { TAGS_SINCE, tasksIn } from './finding.ts'
import { readableVersion } from './schema.ts'
import { requireSoundLog } from './wal.ts'

/** Milliseconds that a command waits for what the runner writes. */
const PATIENCE = 5_000

/** Whether the files can be made that those who have the file open share. */
function mayPrepare(path: string): boolean {
  if (existsSync(`${path}-wal`)) return true
  try {
    for (const part of [path, dirname(path)]) accessSync(part, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** A file that nobody has open, without those files: it must not change meanwhile. */
function asIs(path: string): URL {
  const url = pathToFileURL(path)
  url.search = 'immutable=1'
  return url
}

/** How many tasks there are of one type and status. */
export interface TaskCount {
  readonly type: string | undefined
  readonly status: TaskStatus
  readonly count: number
}

/**
 * A file as others than its runner have it open: for reading, and to ask that runner for something. Its methods throw
 * `StoreError`.
 */
export class SqliteReader implements Disposable {
  readonly #database: DatabaseSync
  readonly #Database: typeof DatabaseSync
  readonly #path: string
  readonly #version: number
  #commands: SqliteCommands | undefined

  private constructor(Database: typeof DatabaseSync, path: string) {
    this.#Database = Database
    this.#path = path
    const held = this.isHeld()
    this.#database = held || mayPrepare(path) ? new Database(path) : new Database(asIs(path), { readOnly: true })
    try {
      if (!held) requireSoundLog(path)
      this.#database.exec(`PRAGMA busy_timeout = ${PATIENCE}`)
      this.#version = readableVersion(this.#database, path)
      if (this.#version >= TAGS_SINCE) this.#commands = new SqliteCommands(this.#database)
    } catch (error) {
      this.#database.close()
      throw sqliteStoreError(path, 'read', error)
    }
  }

  static async open(path: string): Promise<SqliteReader> {
    const Database = (await loadSqlite()).DatabaseSync
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats === undefined) throw new StoreError(`there is no file ${path}`)
    if (stats.isDirectory()) throw new StoreError(`${path} is a folder: name a file in it`)
    if (!stats.isFile()) throw new StoreError(`${path} is no file but a device, a pipe or a socket`)
    return new SqliteReader(Database, path)
  }

  /** Whether a runner has the file open. */
  isHeld(): boolean {
    const path = this.#path + LOCK
    if (!existsSync(path)) return false
    const lock = new this.#Database(path, { readOnly: true })
    try {
      lock.exec('SELECT 1 FROM sqlite_schema')
      return false
    } catch (error) {
      if (isBusy(error)) return true
      throw sqliteStoreError(this.#path, 'read', error)
    } finally {
      lock.close()
    }
  }

  /** Whether others have written to the file since this was asked last; the first time it has. */
  hasChanged(): boolean {
    return this.#commands?.hasChanged() ?? true
  }

  /** So many of the tasks that fit, from the highest id to the lowest. */
  tasks(query: StoredQuery, limit: number): StoredTask[] {
    return this.#reading(() => {
      if (this.#version === 0) return []
      const found: StoredTask[] = []
      if (limit === 0) return found
      for (const task of tasksIn(this.#database, query, this.#version)) {
        found.push(task)
        if (found.length === limit) break
      }
      return found
    })
  }

  /** How many there are, from the most to the fewest. */
  counts(): TaskCount[] {
    return this.#reading(() => {
      if (this.#version === 0) return []
      const rows = this.#database
        .prepare('SELECT type, status, count(*) AS count FROM tasks GROUP BY type, status ORDER BY count DESC')
        .all()
      return rows.map(({ type, status, count }) => ({
        type: type === null ? undefined : String(type),
        status: status as TaskStatus,
        count: Number(count),
      }))
    })
  }

  /** What is asked of the runner; `undefined` in a file of an earlier version. */
  get commands(): SqliteCommands | undefined {
    return this.#commands
  }

  #reading<T>(read: () => T): T {
    try {
      return read()
    } catch (error) {
      throw sqliteStoreError(this.#path, 'read', error)
    }
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }
}
