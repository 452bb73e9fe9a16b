import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { constants, open } from 'node:fs/promises'
// `taskscope/worker` has it too, and a good deal more, all of which would be loaded in each thread and process.
import { currentTask } from '../../src/worker/current-task.ts'

/** What goes to a thread or a process, so nothing but plain data. */
export interface FileToHash {
  /** Its bytes as latin1: not every name is valid UTF-8. */
  readonly path: string
  /** Files to leave alone, by their identity. */
  readonly except: readonly string[]
}

export interface HashedFile {
  /** SHA-256 in lower-case hexadecimal digits. */
  readonly hash: string
  readonly bytes: number
}

const CHUNK = 256 * 1024
/** Files of `/proc` and the like claim to be empty. */
const MIN_CHUNK = 4096

/** Without `O_NONBLOCK`, opening a pipe that has taken the place of a file would wait for ever for a writer. */
const READ_ONLY = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** Which file it is, whatever its path. */
export function identity({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
}

/**
 * Hashes one file in constant memory, as a task in any mode: stops before the next chunk when the task is told to, and
 * says meanwhile how much of which file it has read. `undefined`: it is no regular file, or one of `except`.
 *
 * Reads into one buffer of its own instead of through a stream, which takes three times as long on small files.
 */
export async function hashFile({ path, except }: FileToHash): Promise<HashedFile | undefined> {
  const { signal, progress } = currentTask()
  const file = await open(Buffer.from(path, 'latin1'), READ_ONLY)
  try {
    const stat = await file.stat({ bigint: true })
    if (!stat.isFile() || except.includes(identity(stat))) return undefined
    const hash = createHash('sha256')
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(MIN_CHUNK, Number(stat.size) + 1)))
    let bytes = 0
    for (;;) {
      signal.throwIfAborted()
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null)
      if (bytesRead === 0) return { hash: hash.digest('hex'), bytes }
      hash.update(buffer.subarray(0, bytesRead))
      bytes += bytesRead
      if (bytesRead === buffer.length) progress({ completed: bytes, message: path })
    }
  } finally {
    await file.close()
  }
}
