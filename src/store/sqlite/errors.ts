import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { StoreError } from '../../base/errors.ts'

/** What is added to the path of a file for that of the file whose lock is the right to write. */
export const LOCK = '-lock'

/** Those of SQLite's result codes that there is something to say about: https://sqlite.org/rescode.html */
const BUSY = 5
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const NOTADB = 26

/** What `node:sqlite` threw, as a `StoreError` that says what to do about it. */
export function sqliteStoreError(path: string, doing: 'open' | 'read' | 'write' | 'close', cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause
  return new StoreError(explain(path, doing, cause), { cause })
}

/** Whether another connection has the file locked. */
export function isBusy(error: unknown): boolean {
  return resultCode(error) === BUSY
}

/** Whether the file is none of SQLite's. */
export function isNoDatabase(error: unknown): boolean {
  return resultCode(error) === NOTADB
}

function explain(path: string, doing: 'open' | 'read' | 'write' | 'close', cause: unknown): string {
  switch (resultCode(cause)) {
    case BUSY:
      if (doing !== 'open')
        return `${path} is locked by another program, which may read it but not for so long write to it`
      return `${path} is in use: ${holderOf(path)} has it open, and a store has one runner. Close that one first`
    case READONLY:
      return explainAccess(path)
    case IOERR:
      // A file that may only be read can't be locked, which SQLite takes for an error of the disk.
      if (!isWritable(path)) return explainAccess(path)
      return `the disk refused to ${doing} ${path} (${messageOf(cause)}): check its health, its space and your quota`
    case CORRUPT:
      return `${path} is damaged: put a backup in its place, or move it away to begin with an empty store`
    case FULL:
      return `the disk of ${path} is full, and nothing of this batch was written: make room there`
    case CANTOPEN:
      return explainPath(path)
    case NOTADB:
      return `${path} is not a database: name a file of its own for the store`
    default:
      return `SQLite could not ${doing} ${path}: ${messageOf(cause)}`
  }
}

/** Who keeps a file locked, as messages call them; by its number where the system tells it, as Linux does. */
function holderOf(path: string): string {
  const pid = pidOfHolder(path)
  if (pid === undefined) return 'another runner, of this process or another,'
  return pid === process.pid ? 'another runner of this process' : `another process (${pid})`
}

function pidOfHolder(path: string): number | undefined {
  // Earlier versions have locked the file itself.
  return pidOfLocker(path + LOCK) ?? pidOfLocker(path)
}

function pidOfLocker(path: string): number | undefined {
  try {
    const { ino } = statSync(path)
    // … WRITE 4711 fe:00:1466425 1073741824 1073742335: who, the file, and the bytes that SQLite locks.
    const lock = new RegExp(` (\\d+) \\w+:\\w+:${ino} 107374\\d{4} `).exec(readFileSync('/proc/locks', 'utf8'))
    return lock?.[1] === undefined ? undefined : Number(lock[1])
  } catch {
    return undefined
  }
}

function explainAccess(path: string): string {
  return `${path} can't be written: check the permissions of the file and its folder, and that its disk is not read-only`
}

function explainPath(path: string): string {
  if (isFolder(path)) return `${path} is a folder: name a file in it`
  const folder = dirname(path)
  if (isFolder(folder)) return `${path} can't be opened: check the permissions of the file and its folder`
  return `${path} can't be opened: there is no folder ${folder}, which has to be there first`
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

/** The primary one: the upper bits only tell more about it. */
function resultCode(error: unknown): number | undefined {
  const { errcode } = Object(error) as { readonly errcode?: unknown }
  return typeof errcode === 'number' ? errcode & 0xff : undefined
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
