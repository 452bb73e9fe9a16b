import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sqliteStore } from '../../src/sqlite.ts'
import type { StoredTask } from '../../src/store/types.ts'
import { temporaryFolder } from './files.ts'

/** The two files of a store at a moment at which it is open: what a process that is killed leaves behind. */
export interface LiveStore {
  readonly file: Buffer
  readonly log: Buffer
}

/** Writes batches of tasks, and copies the files before it closes them. */
export async function liveStore(batches: readonly (readonly StoredTask[])[]): Promise<LiveStore> {
  const path = join(temporaryFolder(), 'live.db')
  const store = sqliteStore(path)
  await store.open(0)
  for (const batch of batches) await store.write(batch)
  const live = { file: readFileSync(path), log: readFileSync(`${path}-wal`) }
  await store.close()
  return live
}

/** Puts them there, the log changed at such places. */
export function leftAt(
  path: string,
  { file, log }: LiveStore,
  ...changes: readonly [at: number, bits: number][]
): void {
  const copy = Buffer.from(log)
  for (const [at, bits] of changes) copy[at] = (copy[at] ?? 0) ^ bits
  writeFileSync(path, file)
  writeFileSync(`${path}-wal`, copy)
}
