import type { DatabaseSync } from 'node:sqlite'
import { inPieces } from '../../base/pieces.ts'
import { EndOrder } from '../end-order.ts'
import type { StoreContents, StoredTask } from '../types.ts'
import { damagedFile, damagedTasks, findingOf, setDamagedApart } from './damage.ts'
import { SqlitePlace } from './place.ts'
import { type Row, taskOf } from './rows.ts'
import { checkSchema, migrate } from './schema.ts'
import { SqliteStatements } from './statements.ts'

/** What a file is to be like; all of the options resolved. */
export interface SqliteSettings {
  readonly path: string
  readonly history: number
  readonly synchronous: 'full' | 'normal'
}

/** A file while it is open: locked, and of today's schema. Its methods throw what SQLite does. */
export class SqliteSession {
  readonly #database: DatabaseSync
  readonly #statements: SqliteStatements
  readonly #path: string
  readonly #history: number
  readonly #order: EndOrder
  readonly #place: SqlitePlace
  /** How many tasks in the file have ended: counting them for each batch would take longer than to write it. */
  #ended: number

  /** Takes the database over, and closes it when it can't be used. */
  constructor(database: DatabaseSync, settings: SqliteSettings) {
    this.#database = database
    this.#path = settings.path
    this.#history = settings.history
    try {
      claim(database, settings)
      this.#statements = new SqliteStatements(database)
      this.#order = new EndOrder(this.#statements.latestSession + 1)
      this.#ended = this.#statements.countEnded()
      // By now there is a log beside it.
      this.#place = new SqlitePlace(settings.path)
      // Another history may have been asked for when it was written.
      this.write([])
    } catch (error) {
      database.close()
      throw error
    }
  }

  /** Sets apart what is damaged. */
  async contents(history: number): Promise<StoreContents> {
    const found = await this.#find(history)
    if (found !== undefined) return found
    setDamagedApart(this.#database, this.#path)
    this.#ended = this.#statements.countEnded()
    const left = await this.#find(history)
    if (left === undefined) throw damagedFile(this.#path, 'its rows change while they are read')
    return left
  }

  /** Nothing when there is something damaged in it. */
  async #find(history: number): Promise<StoreContents | undefined> {
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
    const statements = this.#statements
    this.#place.check()
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      const before = this.#ended - statements.countEndedAmong(tasks)
      const session = this.#order.stretchOf(tasks)
      for (const task of tasks) statements.put(task, session)
      const ended = before + tasks.filter(task => task.endedAt !== undefined).length
      const surplus = Math.max(0, ended - this.#history)
      if (surplus > 0) statements.removeOldest(surplus)
      this.#database.exec('COMMIT')
      this.#ended = ended - surplus
    } catch (error) {
      this.#rollBack()
      throw error
    }
  }

  /** Throws as well when what it closed is no longer where it was. */
  close(): void {
    try {
      this.#place.checkNow()
    } finally {
      this.#database.close()
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

/** Makes the file ours alone, if it is one of ours at all or empty. */
function claim(database: DatabaseSync, { path, synchronous }: SqliteSettings): void {
  // Before anything is read: in this mode no lock is given back before the file is closed.
  database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  checkSchema(database, path)
  database.exec(`COMMIT; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`)
  // What macOS calls a sync leaves the data in the cache of the drive.
  if (synchronous === 'full') database.exec('PRAGMA fullfsync = ON')
  migrate(database, path)
  if (findingOf(database) !== undefined) setDamagedApart(database, path)
}

/** Read to the end, so that nothing is left open; nothing when any of them is damaged. */
async function wholeTasks(rows: Iterable<Row>): Promise<StoredTask[] | undefined> {
  const tasks: (StoredTask | undefined)[] = []
  await inPieces(rows, row => tasks.push(taskOf(row)))
  return tasks.every(task => task !== undefined) ? tasks : undefined
}
