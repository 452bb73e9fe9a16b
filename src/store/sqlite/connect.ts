import type { DatabaseSync } from 'node:sqlite'
import { attempt } from '../../base/attempt.ts'
import { startTimer } from '../../base/clock.ts'
import { StoreError } from '../../base/errors.ts'
import { isBusy, isNoDatabase } from './errors.ts'
import { SqliteLock } from './lock.ts'
import { ForeignFileError, type SqliteSettings } from './schema.ts'
import { requireSoundLog } from './wal.ts'

/** How often a file that is locked is asked for, and the longest pause between, in milliseconds. */
const ATTEMPTS = 5
const LONGEST_PAUSE = 50

/** Takes the database over, with its lock unless it is in memory; throws when it can't be used. */
type BeginSession<T> = (database: DatabaseSync, lock: SqliteLock | undefined) => T

/**
 * Opens the file. One that is locked is asked for some more times: of two processes that open it at the same moment both
 * may be refused, and the lock of one that was killed is there until it is really gone. The pauses differ by chance.
 */
export async function connect<T>(settings: SqliteSettings, begin: BeginSession<T>): Promise<T> {
  const { DatabaseSync } = await loadSqlite()
  for (let asked = 1; ; asked++) {
    try {
      return open(DatabaseSync, settings, begin)
    } catch (error) {
      if (!isBusy(error) || asked === ATTEMPTS) throw error
    }
    await new Promise<void>(resolve => startTimer(1 + Math.random() * LONGEST_PAUSE, resolve))
  }
}

function open<T>(Database: typeof DatabaseSync, settings: SqliteSettings, begin: BeginSession<T>): T {
  const { path, synchronous } = settings
  // Nothing is read or written before the lock is there.
  const database = new Database(path)
  let lock: SqliteLock | undefined
  try {
    if (path !== ':memory:') lock = new SqliteLock(Database, path)
    if (synchronous === 'full' && path !== ':memory:') requireSoundLog(path)
    return begin(database, lock)
  } catch (error) {
    attempt(() => database.close())
    if (isForeign(error)) lock?.withdraw()
    else lock?.release()
    throw error
  }
}

function isForeign(error: unknown): boolean {
  return error instanceof ForeignFileError || isNoDatabase(error)
}

/** Only now, since Node warns of it where it is still experimental: a program without such a store is not to see that. */
export async function loadSqlite(): Promise<typeof import('node:sqlite')> {
  try {
    return await import('node:sqlite')
  } catch (cause) {
    throw new StoreError('sqliteStore needs node:sqlite, which Node has since 22.13', { cause })
  }
}
