import type { TaskContext } from '../../src/index.ts'
import { type FileHash, hashFile } from './hash-file.ts'
import { ownOutput } from './own-output.ts'

export interface HashedFile extends FileHash {
  readonly path: Buffer
}

/** A file that could not be read; `cause` says why. */
export class UnreadableFileError extends Error {
  override readonly name = 'UnreadableFileError'
  readonly path: Buffer

  constructor(path: Buffer, cause: unknown) {
    super('cannot read the file', { cause })
    this.path = path
  }
}

/** Makes the work of one task: hash the file of this path, or `undefined` when it is none that should be hashed. */
export function hashTask(onBytes: (bytes: number) => void) {
  const except = ownOutput()
  return async (path: Buffer, task: TaskContext): Promise<HashedFile | undefined> => {
    try {
      const file = await hashFile(path, { signal: task.signal, onBytes, except })
      return file && { path, ...file }
    } catch (error) {
      throw task.signal.aborted ? error : new UnreadableFileError(path, error)
    }
  }
}
