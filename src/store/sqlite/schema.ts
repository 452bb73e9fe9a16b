import type { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../../base/errors.ts'
import { findingOf, requireSoundPages, setDamagedApart } from './damage.ts'
import { isBusy } from './errors.ts'
import { checksumOf } from './rows.ts'

/** What a file is to be like; all of the options resolved. */
export interface SqliteSettings {
  readonly path: string
  readonly synchronous: 'full' | 'normal'
}

/** "TSKS": by it a file says that it is ours. */
const APPLICATION_ID = 0x54_53_4b_53

/**
 * What takes a file from each version to the next; an empty one has version 0. A step that was released never changes.
 * The comments stay in the file, for readers of `.schema` in the sqlite3 shell.
 */
const STEPS: readonly string[] = [
  `PRAGMA application_id = ${APPLICATION_ID};
   CREATE TABLE tasks (
     id         INTEGER PRIMARY KEY AUTOINCREMENT, -- sqlite_sequence has the highest there ever was
     name       TEXT NOT NULL,
     type       TEXT,
     status     TEXT NOT NULL,                     -- pending, running, stopping, done, failed or cancelled
     created_at INTEGER NOT NULL,                  -- times are milliseconds since 1970, in UTC
     updated_at INTEGER NOT NULL,
     ended_at   INTEGER,                           -- null: not yet
     record     TEXT NOT NULL,                     -- JSON: all there is to know of the task
     job        TEXT                               -- JSON: what it takes to run it again
   );`,
  `CREATE INDEX tasks_unfinished ON tasks (id) WHERE ended_at IS NULL;
   CREATE INDEX tasks_ended ON tasks (ended_at, id) WHERE ended_at IS NOT NULL;`,
  `ALTER TABLE tasks ADD COLUMN session INTEGER NOT NULL DEFAULT 0; -- the how-manieth opening of the file wrote it
   ALTER TABLE tasks ADD COLUMN checksum INTEGER; -- CRC-32 of the columns before it
   UPDATE tasks SET checksum =
     taskscope_checksum(id, name, type, status, created_at, updated_at, ended_at, record, job, session);
   DROP INDEX tasks_ended;
   -- By session, since clocks may be set back in between.
   CREATE INDEX tasks_ended ON tasks (session, ended_at, id) WHERE ended_at IS NOT NULL;
   -- Rows of tasks that were found damaged, as they are, for a person to look at.
   CREATE TABLE damaged (id, name, type, status, created_at, updated_at, ended_at, record, job, session, checksum);`,
  `ALTER TABLE tasks ADD COLUMN tags TEXT; -- JSON: its labels; null: none
   ALTER TABLE damaged ADD COLUMN tags;
   DROP INDEX tasks_ended;
   CREATE INDEX tasks_failed ON tasks (session, ended_at, id) WHERE ended_at IS NOT NULL AND status = 'failed';
   CREATE INDEX tasks_ended ON tasks (session, ended_at, id) WHERE ended_at IS NOT NULL AND status <> 'failed';
   CREATE INDEX tasks_tagged ON tasks (id, tags) WHERE tags IS NOT NULL;
   ALTER TABLE tasks ADD COLUMN key_until INTEGER; -- until when the key of what has ended counts; null: it does not
   ALTER TABLE damaged ADD COLUMN key_until;
   CREATE INDEX tasks_keyed ON tasks (key_until) WHERE key_until IS NOT NULL;
   -- What other processes ask of the runner that has the file open, or will.
   CREATE TABLE commands (
     id     INTEGER PRIMARY KEY AUTOINCREMENT,
     action TEXT NOT NULL,    -- rerun or cancel
     task   INTEGER NOT NULL,
     answer TEXT              -- JSON; null: not yet
   );
   CREATE INDEX commands_open ON commands (id) WHERE answer IS NULL;`,
]

/** Since then rows have checksums. */
const OLDEST_READABLE = 3

/** The file is no store. */
export class ForeignFileError extends StoreError {}

/** How a file is read that is not written to: the version of its schema, 0 where there is nothing in it. Throws `StoreError`. */
export function readableVersion(database: DatabaseSync, path: string): number {
  checkSchema(database, path)
  const version = pragma(database, 'user_version')
  if (version === 0 || version >= OLDEST_READABLE) return version
  throw new StoreError(`${path} was written by an early version of taskscope: start its runner once, which updates it`)
}

/** Refuses a file of another program, or of a later version, before anything in it has been touched. */
function checkSchema(database: DatabaseSync, path: string): void {
  const version = pragma(database, 'user_version')
  if (pragma(database, 'application_id') === APPLICATION_ID) {
    if (version <= STEPS.length) return
    const versions = `its schema has version ${version}, this one knows those up to ${STEPS.length}`
    throw new StoreError(`${path} was written by a later version of taskscope: update it (${versions})`)
  }
  const { objects } = database.prepare('SELECT count(*) AS objects FROM sqlite_schema').get() as { objects: number }
  if (version === 0 && pragma(database, 'application_id') === 0 && objects === 0) return
  throw new ForeignFileError(`${path} is a database of another program: name a file of its own for the store`)
}

/**
 * Brings a file that was checked to the version of today; each step happens as a whole or not at all. Rows that were
 * written before there were checksums get theirs as they are.
 */
function migrate(database: DatabaseSync, path: string): void {
  const version = pragma(database, 'user_version')
  if (version === STEPS.length) return
  // A step may make an index anew, and hide what that had lost.
  requireSoundPages(database, path)
  database.function('taskscope_checksum', { varargs: true, useBigIntArguments: true }, (...values) =>
    checksumOf(values),
  )
  for (let step = version; step < STEPS.length; step++) {
    database.exec(`BEGIN IMMEDIATE; ${STEPS[step]}; PRAGMA user_version = ${step + 1}; COMMIT`)
  }
}

/** Milliseconds, for others that write in between: nothing else runs meanwhile. */
const PATIENCE = 1_000

/** Prepares the file, if it is one of ours at all or empty. */
export function claim(database: DatabaseSync, { path, synchronous }: SqliteSettings): void {
  database.exec('BEGIN')
  checkSchema(database, path)
  // With such a log others read while this one writes.
  database.exec(`COMMIT; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`)
  // What macOS calls a sync leaves the data in the cache of the drive.
  if (synchronous === 'full') database.exec('PRAGMA fullfsync = ON')
  migrate(database, path)
  if (findingOf(database) !== undefined) setDamagedApart(database, path)
  // From now on others write at most a line in between.
  database.exec(`PRAGMA busy_timeout = ${PATIENCE}`)
}

/** So many pages that are free, of 4 KiB, are no trouble: as many as a log grows to anyway. */
const FEW_PAGES = 4_096

/** Gives the disk back what is free in the file, once that is more than half of it. Returns whether it did. */
export function compact(database: DatabaseSync): boolean {
  const number = (pragma: string) => Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0])
  const free = number('freelist_count')
  if (free < FEW_PAGES || free * 2 < number('page_count')) return false
  try {
    // Without the log, so that the file is shorter at once, and not at some time when that is taken for damage.
    database.exec('PRAGMA journal_mode = DELETE')
  } catch (error) {
    // Another process reads it: another time.
    if (isBusy(error)) return false
    throw error
  }
  database.exec('VACUUM; PRAGMA journal_mode = WAL; SELECT 1 FROM tasks LIMIT 1')
  return true
}

function pragma(database: DatabaseSync, name: 'application_id' | 'user_version'): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name])
}
