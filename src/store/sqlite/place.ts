import { statSync } from 'node:fs'
import { StoreError } from '../../base/errors.ts'
import { LOCK } from './errors.ts'

/**
 * The file, its log of what was written last, which SQLite moves into the file from time to time, what those who have it open
 * share, and the lock.
 */
const PARTS = ['', '-wal', '-shm', LOCK] as const

interface Part {
  readonly path: string
  readonly device: bigint
  readonly inode: bigint
  /** While a file is open it never becomes smaller. */
  size: bigint
}

/**
 * Sees when an open file is no longer where it was. SQLite does not: it goes on writing into one that was removed, and all
 * of that is gone when it is closed.
 */
export class SqlitePlace {
  readonly #parts: readonly Part[]

  /** @param path - Of a file that is open, and has been written to. */
  constructor(path: string) {
    this.#parts = path === ':memory:' ? [] : PARTS.map(ending => partAt(path + ending))
  }

  /** Throws `StoreError` when the file is gone, replaced or cut off: two calls of the system for each part. */
  check(): void {
    for (const part of this.#parts) {
      const trouble = troubleWith(part)
      if (trouble !== undefined) throw new StoreError(explain(part.path, trouble))
    }
  }
}

function partAt(path: string): Part {
  const { dev, ino, size } = statSync(path, { bigint: true })
  return { path, device: dev, inode: ino, size }
}

function troubleWith(part: Part): string | undefined {
  const found = statSync(part.path, { bigint: true, throwIfNoEntry: false })
  if (found === undefined) return 'was removed or moved away'
  if (found.dev !== part.device || found.ino !== part.inode) return 'was replaced by another file'
  if (found.size < part.size) return 'was cut off'
  part.size = found.size
  return undefined
}

function explain(path: string, trouble: string): string {
  const remedy = 'move it back if it still exists, else close the runner and start it anew with a backup'
  return `${path} ${trouble} while it was open, so that nothing more can be kept there, and what was written in the second before may be lost: ${remedy}`
}
