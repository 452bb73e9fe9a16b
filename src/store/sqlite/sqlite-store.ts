import { resolve } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { now } from '../../base/clock.ts'
import { StoreError } from '../../base/errors.ts'
import { type Known, knownOptions, oneOf, show, string } from '../../base/options.ts'
import { EndOrder } from '../end-order.ts'
import { inPieces, turn } from '../pieces.ts'
import type {
  CommandAnswer,
  Retention,
  StoreCommand,
  StoreContents,
  StoredQuery,
  StoredTask,
  TaskStore,
} from '../types.ts'
import { SqliteCommands } from './commands.ts'
import { connect } from './connect.ts'
import { damagedFile, damagedTasks, setDamagedApart } from './damage.ts'
import { sqliteStoreError } from './errors.ts'
import { tasksIn } from './finding.ts'
import type { SqliteLock } from './lock.ts'
import { SqlitePlace } from './place.ts'
import { SqliteRetaining } from './retaining.ts'
import { type Row, SqliteStatements, taskOf } from './rows.ts'
import { claim, compact, type SqliteSettings } from './schema.ts'

/** How a {@link sqliteStore} keeps its file. */
export interface SqliteStoreOptions {
  /**
   * What of the records survives: `'full'` all that was reported as written, even when the power fails; `'normal'` the
   * same when the process dies, but not the latest ones when the machine does. It saves a sync of the disk per batch.
   *
   * @default 'full'
   */
  readonly synchronous?: 'full' | 'normal'
}

/**
 * Keeps the records in one SQLite file (and, while it is open, a `-wal` and a `-shm` file beside it), by the `node:sqlite` of Node
 * itself. The file is made when there is none; its folder has to be there. `':memory:'` keeps them until the close.
 *
 * A batch is on the disk before it is reported as written, and a process that is killed leaves nothing half written. A
 * runner that has it open holds the lock of an empty `-lock` file beside it, which stays there; the operating system gives it free
 * when the process dies. A second runner is refused with a `StoreError`. Others may read the file meanwhile, such as the `sqlite3`
 * shell and `npx taskscope tasks`, and need not be waited for; on a network file system, where what they share can't be had, they
 * must not. Nothing else in the process may open these files meanwhile, not even to copy them: on POSIX systems closing them
 * then gives up their locks.
 *
 * Each row has a checksum. At its opening the whole file is checked, which takes about a second for a million tasks. A row
 * that is not as it was written is moved to the table `damaged` as it is, reported at each opening until it is removed from
 * there, and never shown nor run again. A file whose pages are damaged is refused; with `synchronous: 'full'` so is a `-wal` file
 * that a process has left behind and that was damaged since, as SQLite would drop what comes after the damage.
 *
 * What the `retain` of the runner does not keep is removed as others end, those of earlier openings before later ones, wherever
 * the clock was set. The file then grows no more; what is free in it is given back to the disk at an opening, once that is more
 * than half of it.
 *
 * Once the file is removed, replaced or cut off while it is open, which is looked at once a second, writing to it fails.
 *
 * SQLite works on the calling thread: while it writes a batch, which is a few milliseconds for a disk's sync and some
 * microseconds per task, nothing else runs there.
 *
 * @example
 * ```ts
 * const runner = await TaskRunner.start({ store: sqliteStore('tasks.db'), retain: { failedFor: 30 * 24 * 3_600_000 } })
 * ```
 *
 * @param path - The file; relative ones are resolved now, not when it is opened.
 */
export function sqliteStore(path: string, options?: SqliteStoreOptions): TaskStore {
  return new SqliteStore(settingsOf(path, options))
}

const SQLITE_STORE_OPTIONS: Known<SqliteStoreOptions> = { synchronous: true }

function settingsOf(path: string, options: SqliteStoreOptions | undefined): SqliteSettings {
  if (string('path', path) === '' || /^file:|\0/.test(path)) {
    throw new RangeError(`path must be the path of a file, not empty and no URL, got ${show(path)}`)
  }
  const { synchronous = 'full' } = knownOptions('options', options, SQLITE_STORE_OPTIONS) ?? {}
  return Object.freeze({
    path: path === ':memory:' ? path : resolve(path),
    synchronous: oneOf('synchronous', ['full', 'normal'], synchronous),
  })
}

class SqliteStore implements TaskStore {
  readonly #settings: SqliteSettings
  #session: Promise<SqliteSession> | undefined
  #opened: SqliteSession | undefined

  constructor(settings: SqliteSettings) {
    this.#settings = settings
  }

  async open(history: number, retention?: Retention): Promise<StoreContents> {
    const { path } = this.#settings
    if (this.#session !== undefined)
      throw new StoreError(`${path} is open already: close the runner that uses it first`)
    const session = connect(this.#settings, (database, lock) => new SqliteSession(database, this.#settings, lock))
    this.#session = session
    try {
      const opened = await session
      if (this.#session === session) this.#opened = opened
      return await opened.contents(history, retention)
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

  *find(query: StoredQuery): Generator<StoredTask> {
    try {
      if (this.#opened !== undefined) yield* this.#opened.find(query)
    } catch (error) {
      throw sqliteStoreError(this.#settings.path, 'read', error)
    }
  }

  commands(all: boolean): readonly StoreCommand[] {
    return this.#opened?.commands.open(all) ?? []
  }

  answer(command: number, answer: CommandAnswer): void {
    this.#opened?.commands.answer(command, answer)
  }

  async close(): Promise<void> {
    try {
      await this.#end(this.#session)
    } catch (error) {
      throw sqliteStoreError(this.#settings.path, 'close', error)
    }
  }

  async #end(session: Promise<SqliteSession> | undefined): Promise<void> {
    if (this.#session === session) this.#session = this.#opened = undefined
    const opened = await session?.catch(() => undefined)
    opened?.close()
  }
}

/** Milliseconds between two looks for the file. */
const PLACE_PAUSE = 1_000

/**
 * A file while it is open to be written: its lock is had, and it is of today's schema. Its methods throw what SQLite does.
 *
 * @internal
 */
export class SqliteSession {
  readonly #database: DatabaseSync
  readonly #lock: SqliteLock | undefined
  readonly #statements: SqliteStatements
  readonly #path: string
  readonly #order: EndOrder
  #place: SqlitePlace
  #placeSeenAt = now()
  #retaining: SqliteRetaining | undefined
  readonly #commands: SqliteCommands

  /** Takes the database over, and closes it when it can't be used; the lock only when it can. */
  constructor(database: DatabaseSync, settings: SqliteSettings, lock?: SqliteLock) {
    this.#database = database
    this.#lock = lock
    this.#path = settings.path
    try {
      claim(database, settings)
      this.#statements = new SqliteStatements(database)
      this.#commands = new SqliteCommands(database)
      this.#order = new EndOrder(this.#statements.latestSession + 1)
      // By now there is a log beside it.
      this.#place = new SqlitePlace(settings.path)
    } catch (error) {
      database.close()
      throw error
    }
  }

  /** Sets apart what is damaged, and removes what is not to be kept. */
  async contents(history: number, retention: Retention | undefined): Promise<StoreContents> {
    await this.#retain(retention)
    const found = await this.#contents(history)
    if (found !== undefined) return found
    setDamagedApart(this.#database, this.#path)
    await this.#retain(retention)
    const left = await this.#contents(history)
    if (left === undefined) throw damagedFile(this.#path, 'its rows change while they are read')
    return left
  }

  async #retain(retention: Retention | undefined): Promise<void> {
    if (retention === undefined) return
    this.#retaining = new SqliteRetaining(this.#database, retention)
    while (this.#put([])) await turn()
    if (compact(this.#database)) this.#place = new SqlitePlace(this.#path)
  }

  /** Nothing when there is something damaged in it. */
  async #contents(history: number): Promise<StoreContents | undefined> {
    const statements = this.#statements
    const unfinished = await wholeTasks(statements.unfinished())
    const ended = await wholeTasks(statements.lastEnded(history))
    if (unfinished === undefined || ended === undefined) return undefined
    ended.reverse()
    const damaged = damagedTasks(this.#database, this.#path)
    // The sequence has no checksum.
    const lastId = [...unfinished, ...ended].reduce((highest, { id }) => Math.max(highest, id), statements.lastId())
    return { lastId, unfinished, ended, ...(damaged.length > 0 && { damaged }) }
  }

  write(tasks: readonly StoredTask[]): void {
    if (now() - this.#placeSeenAt >= PLACE_PAUSE) this.#lookAtPlace()
    this.#put(tasks)
  }

  #lookAtPlace(): void {
    this.#place.check()
    this.#placeSeenAt = now()
  }

  get commands(): SqliteCommands {
    return this.#commands
  }

  find(query: StoredQuery): Iterable<StoredTask> {
    return tasksIn(this.#database, query)
  }

  /** Returns whether there is more to be removed. */
  #put(tasks: readonly StoredTask[]): boolean {
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      const ending = tasks.some(({ endedAt }) => endedAt !== undefined)
      if (ending) this.#order.follow(tasks)
      const session = this.#order.stretch
      const put = () => {
        for (const task of tasks) {
          this.#statements.put(task, session)
          if (task.command !== undefined) this.#commands.answer(task.command, { task: task.id })
        }
      }
      // Only ends, and the time, make others too many.
      const retaining = ending || this.#retaining?.due === true ? this.#retaining : undefined
      const committed = retaining === undefined ? void put() : retaining.put(tasks, put)
      this.#database.exec('COMMIT')
      return committed?.() ?? false
    } catch (error) {
      this.#rollBack()
      throw error
    }
  }

  /** Throws as well when what it closed is no longer where it was. */
  close(): void {
    try {
      this.#place.check()
    } finally {
      this.#database.close()
      this.#lock?.release()
    }
  }

  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK')
    } catch {
      // Nothing was begun, or SQLite has rolled it back already, as it does when the disk is full.
    }
  }
}

/** Read to the end, so that nothing is left open; nothing when any of them is damaged. */
async function wholeTasks(rows: Iterable<Row>): Promise<StoredTask[] | undefined> {
  const tasks: (StoredTask | undefined)[] = []
  await inPieces(rows, row => tasks.push(taskOf(row)))
  return tasks.every(task => task !== undefined) ? tasks : undefined
}
