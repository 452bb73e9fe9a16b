import { resolve } from 'node:path'
import { StoreError } from '../../base/errors.ts'
import { count, type Known, knownOptions, oneOf, show, string } from '../../base/options.ts'
import type { StoreContents, StoredTask, TaskStore } from '../types.ts'
import { connect } from './connect.ts'
import { sqliteStoreError } from './errors.ts'
import type { SqliteSession, SqliteSettings } from './session.ts'

/** How a {@link sqliteStore} keeps its file. */
export interface SqliteStoreOptions {
  /**
   * How many tasks that have ended the file keeps: beyond that, those that ended first are removed as others end, those
   * of earlier openings before later ones, wherever the clock was set. Tasks that have not ended are never removed.
   *
   * @default Infinity
   */
  readonly history?: number
  /**
   * What of the records survives: `'full'` all that was reported as written, even when the power fails; `'normal'` the
   * same when the process dies, but not the latest ones when the machine does. It saves a sync of the disk per batch.
   *
   * @default 'full'
   */
  readonly synchronous?: 'full' | 'normal'
}

/**
 * Keeps the records in one SQLite file (and, while it is open, a `-wal` file beside it), by the `node:sqlite` of Node
 * itself. The file is made when there is none; its folder has to be there. `':memory:'` keeps them until the close.
 *
 * A batch is on the disk before it is reported as written, and a process that is killed leaves nothing half written. The
 * file is locked while it is open, by the operating system, which gives it free when the process dies: a second runner
 * is refused with a `StoreError`, and so is the `sqlite3` shell, which serves well to read it afterwards. Nothing else in
 * the process may open the file meanwhile, not even to copy it: on POSIX systems closing it then gives up the lock.
 *
 * Each row has a checksum. At its opening the whole file is checked, which takes about a second for a million tasks. A row
 * that is not as it was written is moved to the table `damaged` as it is, reported at each opening until it is removed from
 * there, and never shown nor run again. A file whose pages are damaged is refused; with `synchronous: 'full'` so is a `-wal` file
 * that a process has left behind and that was damaged since, as SQLite would drop what comes after the damage.
 *
 * Once the file is removed, replaced or cut off while it is open, which is looked at once a second, writing to it fails.
 *
 * SQLite works on the calling thread: while it writes a batch, which is a few milliseconds for a disk's sync and some
 * microseconds per task, nothing else runs there.
 *
 * @example
 * ```ts
 * const runner = await TaskRunner.start({ store: sqliteStore('tasks.db', { history: 100_000 }) })
 * ```
 *
 * @param path - The file; relative ones are resolved now, not when it is opened.
 */
export function sqliteStore(path: string, options?: SqliteStoreOptions): TaskStore {
  return new SqliteStore(settingsOf(path, options))
}

const SQLITE_STORE_OPTIONS: Known<SqliteStoreOptions> = { history: true, synchronous: true }

function settingsOf(path: string, options: SqliteStoreOptions | undefined): SqliteSettings {
  if (string('path', path) === '' || /^file:|\0/.test(path)) {
    throw new RangeError(`path must be the path of a file, not empty and no URL, got ${show(path)}`)
  }
  const { history = Number.POSITIVE_INFINITY, synchronous = 'full' } =
    knownOptions('options', options, SQLITE_STORE_OPTIONS) ?? {}
  return Object.freeze({
    path: path === ':memory:' ? path : resolve(path),
    history: count('history', history),
    synchronous: oneOf('synchronous', ['full', 'normal'], synchronous),
  })
}

class SqliteStore implements TaskStore {
  readonly #settings: SqliteSettings
  #session: Promise<SqliteSession> | undefined

  constructor(settings: SqliteSettings) {
    this.#settings = settings
  }

  async open(history: number): Promise<StoreContents> {
    const { path } = this.#settings
    if (this.#session !== undefined)
      throw new StoreError(`${path} is open already: close the runner that uses it first`)
    const session = connect(this.#settings)
    this.#session = session
    try {
      return await (await session).contents(history)
    } catch (error) {
      await this.#end(session).catch(() => {})
      throw sqliteStoreError(path, 'open', error)
    }
  }

  async write(tasks: readonly StoredTask[]): Promise<void> {
    const { path } = this.#settings
    if (this.#session === undefined) throw new StoreError(`${path} is not open: open it before writing to it`)
    try {
      const session = await this.#session
      session.write(tasks)
    } catch (error) {
      throw sqliteStoreError(path, 'write', error)
    }
  }

  async close(): Promise<void> {
    try {
      await this.#end(this.#session)
    } catch (error) {
      throw sqliteStoreError(this.#settings.path, 'close', error)
    }
  }

  async #end(session: Promise<SqliteSession> | undefined): Promise<void> {
    if (this.#session === session) this.#session = undefined
    const opened = await session?.catch(() => undefined)
    opened?.close()
  }
}
