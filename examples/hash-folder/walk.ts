import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'

/** Hears of what a walk found and did not yield. */
export interface WalkObserver {
  /** A folder that cannot be listed or a symbolic link that leads nowhere: the walk goes on without it. */
  failed(path: Buffer, error: unknown): void
  /** A symbolic link to a folder, a socket, a pipe or a device. */
  skipped(path: Buffer): void
}

interface Entry {
  readonly path: Buffer
  readonly type: 'folder' | 'file' | 'link' | 'other'
}

const SLASH = Buffer.from('/')

function entryType(entry: Dirent<Buffer>): Entry['type'] {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'folder'
  return entry.isSymbolicLink() ? 'link' : 'other'
}

/** What a folder comes as in the order of all paths: `a.txt` goes before `a/b`, since `.` goes before `/`. */
function sortKey({ path, type }: Entry): Buffer {
  return type === 'folder' ? Buffer.concat([path, SLASH]) : path
}

/** The entries of one folder, the first one last: ready to be popped. */
async function list(folder: Buffer): Promise<Entry[]> {
  const parent = folder.at(-1) === SLASH[0] ? folder : Buffer.concat([folder, SLASH])
  const entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' })
  return entries
    .map(entry => ({ path: Buffer.concat([parent, entry.name]), type: entryType(entry) }))
    .map(child => ({ child, key: sortKey(child) }))
    .sort((a, b) => Buffer.compare(b.key, a.key))
    .map(({ child }) => child)
}

/**
 * Yields the path of every file under `folder`, in the byte-wise order of the whole paths (`LC_ALL=C sort`): `folder`
 * as given, a slash, and the way down. Reads one folder at a time, when its turn comes, and holds only the entries still
 * ahead in the folders it is in. Ends early when `signal` is aborted. Never throws: what fails goes to the observer.
 *
 * A symbolic link to a file counts as that file; links to folders are not followed, so there are no loops.
 */
export async function* walk(folder: Buffer, observer: WalkObserver, signal: AbortSignal): AsyncGenerator<Buffer> {
  const ahead: Entry[] = [{ path: folder, type: 'folder' }]
  for (let entry = ahead.pop(); entry !== undefined; entry = ahead.pop()) {
    const file = await visit(entry, ahead, observer)
    if (signal.aborted) return
    if (file) yield entry.path
  }
}

/** Whether the entry is a file; the children of a folder go on top of what lies ahead. */
async function visit({ path, type }: Entry, ahead: Entry[], observer: WalkObserver): Promise<boolean> {
  if (type === 'file') return true
  try {
    if (type === 'folder') {
      for (const child of await list(path)) ahead.push(child)
      return false
    }
    if (type === 'link' && (await stat(path)).isFile()) return true
    observer.skipped(path)
  } catch (error) {
    observer.failed(path, error)
  }
  return false
}
