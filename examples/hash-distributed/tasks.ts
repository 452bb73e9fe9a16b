import { type FileToHash, type HashedFile, hashFile } from '../hash-folder/hash-file.ts'

export interface FileHashedHere extends HashedFile {
  /** The process that has hashed it. */
  readonly worker: number
}

/** What the workers serve: it names itself, and all that comes and goes is plain data. */
export async function hashHere(file: FileToHash): Promise<FileHashedHere | undefined> {
  const hashed = await hashFile(file)
  return hashed && { ...hashed, worker: process.pid }
}
