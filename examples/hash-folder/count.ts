import type { Tally } from './tally.ts'
import { walk } from './walk.ts'

const NOBODY = { failed() {}, skipped() {} }

/**
 * Counts the files while the first ones are already hashed, so that progress has a total. A walk of its own instead of
 * a list that the hashing then takes up: with any number of files the memory stays what it is.
 */
export async function count(folder: Buffer, tally: Tally, signal: AbortSignal): Promise<void> {
  for await (const _file of walk(folder, NOBODY, signal)) tally.counted += 1
  tally.countComplete = !signal.aborted
}
