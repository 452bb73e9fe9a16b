import { startTimer } from '../../base/clock.ts'
import { StoreError } from '../../base/errors.ts'
import { isBusy } from './errors.ts'
import { SqliteSession, type SqliteSettings } from './session.ts'
import { requireSoundLog } from './wal.ts'

/** How often a file that is locked is asked for, and the longest pause between, in milliseconds. */
const ATTEMPTS = 5
const LONGEST_PAUSE = 50

/**
 * Opens the file. One that is locked is asked for some more times: of two processes that open it at the same moment both
 * may be refused, and the lock of one that was killed is there until it is really gone. The pauses differ by chance.
 */
export async function connect(settings: SqliteSettings): Promise<SqliteSession> {
  const { DatabaseSync } = await loadSqlite()
  const { path, synchronous } = settings
  if (synchronous === 'full' && path !== ':memory:') requireSoundLog(path)
  for (let attempt = 1; ; attempt++) {
    try {
      return new SqliteSession(new DatabaseSync(path), settings)
    } catch (error) {
      if (!isBusy(error) || attempt === ATTEMPTS) throw error
    }
    await new Promise<void>(resolve => startTimer(1 + Math.random() * LONGEST_PAUSE, resolve))
  }
}

/** Only now, since Node warns of it where it is still experimental: a program without such a store is not to see that. */
async function loadSqlite(): Promise<typeof import('node:sqlite')> {
  try {
    return await import('node:sqlite')
  } catch (cause) {
    throw new StoreError('sqliteStore needs node:sqlite, which Node has since 22.13', { cause })
  }
}
