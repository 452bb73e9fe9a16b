import type { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../../base/errors.ts'
import { requireSoundPages } from './damage.ts'
import { checksumOf } from './rows.ts'

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
]

/** Refuses a file of another program, or of a later version, before anything in it has been touched. */
export function checkSchema(database: DatabaseSync, path: string): void {
  const version = pragma(database, 'user_version')
  if (pragma(database, 'application_id') === APPLICATION_ID) {
    if (version <= STEPS.length) return
    const versions = `its schema has version ${version}, this one knows those up to ${STEPS.length}`
    throw new StoreError(`${path} was written by a later version of taskscope: update it (${versions})`)
  }
  const { objects } = database.prepare('SELECT count(*) AS objects FROM sqlite_schema').get() as { objects: number }
  if (version === 0 && pragma(database, 'application_id') === 0 && objects === 0) return
  throw new StoreError(`${path} is a database of another program: name a file of its own for the store`)
}

/**
 * Brings a file that was checked to the version of today; each step happens as a whole or not at all. Rows that were
 * written before there were checksums get theirs as they are.
 */
export function migrate(database: DatabaseSync, path: string): void {
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

function pragma(database: DatabaseSync, name: 'application_id' | 'user_version'): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name])
}
