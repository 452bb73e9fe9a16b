import { accessSync, chmodSync, constants, existsSync, rmSync, statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { attempt } from '../../base/attempt.ts'
import { StoreError } from '../../base/errors.ts'
import { isBusy, LOCK } from './errors.ts'

/**
 * The right to write to a file: a lock on an empty file beside it, by SQLite's own means, so that the operating system gives
 * it free when the process dies. Others may read the file itself meanwhile. The empty file stays, as a process that waits for its
 * lock may have it open.
 */
export class SqliteLock {
  readonly #database: DatabaseSync
  readonly #path: string
  readonly #made: boolean

  /** Throws what SQLite says when another has it, and `StoreError` when it can't be had. */
  constructor(Database: typeof DatabaseSync, path: string) {
    this.#path = path + LOCK
    this.#made = !existsSync(this.#path)
    let database: DatabaseSync | undefined
    try {
      database = new Database(this.#path)
      // One that may only be read would seem to be locked as well.
      accessSync(this.#path, constants.W_OK)
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    } catch (error) {
      database?.close()
      if (isBusy(error)) throw error
      const remedy = 'check the permissions of the file and its folder, and that its disk is not read-only'
      throw new StoreError(`${path} can't be written: ${remedy}`, { cause: error })
    }
    this.#database = database
    // For all who may write to the file.
    if (this.#made) attempt(() => chmodSync(this.#path, statSync(path).mode & 0o666))
  }

  release(): void {
    this.#database.close()
  }

  /** Leaves nothing beside a file that turned out to be no store, if there was nothing before. */
  withdraw(): void {
    if (this.#made) attempt(() => rmSync(this.#path))
    this.release()
  }
}
