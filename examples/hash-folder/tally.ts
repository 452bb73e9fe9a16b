import { TaskCancelledError } from '../../src/base/errors.ts'
import type { HashedFile } from './hash-file.ts'
import type { WalkObserver } from './walk.ts'

/** Something that could not be read, and the error that says why. */
export interface Failure {
  readonly path: Buffer
  readonly error: unknown
}

/** What has happened so far: the one place that progress, the summary and the exit code are read from. */
export class Tally implements WalkObserver {
  readonly startedAt = performance.now()
  readonly failures: Failure[] = []
  /** Files hashed to their end, and their bytes. */
  hashed = 0
  bytes = 0
  notHashed = 0
  /** Files whose turn is over: hashed, failed or found to be none. */
  ended = 0
  /** Files that were cancelled before or while they were hashed. */
  cancelled = 0
  /** Files counted by the walk that runs ahead, and whether it has got to the end. */
  counted = 0
  countComplete = false

  /** How much of the files under way was read, by their path as latin1. Small ones are read before that is said. */
  readonly #underWay = new Map<string, number>()

  /** All files, as far as they are known. A folder that changes meanwhile can make the count fall behind. */
  get total(): number {
    return Math.max(this.counted, this.ended + this.cancelled)
  }

  get left(): number {
    return this.total - this.ended
  }

  /** Bytes read so far, those of files under way included. */
  get bytesRead(): number {
    return this.#underWay.values().reduce((sum, bytes) => sum + bytes, this.bytes)
  }

  get elapsed(): number {
    return performance.now() - this.startedAt
  }

  /** Books how much of a file was read so far. */
  reading(path: string, bytes: number): void {
    this.#underWay.set(path, bytes)
  }

  /** Books how the task of a file ended; returns the file if it was hashed. */
  book<F extends HashedFile>(path: Buffer, outcome: F | Error | undefined): F | undefined {
    this.#underWay.delete(path.toString('latin1'))
    if (outcome instanceof TaskCancelledError) {
      this.cancelled += 1
      return undefined
    }
    this.ended += 1
    if (outcome instanceof Error) {
      this.failed(path, outcome)
      return undefined
    }
    if (outcome === undefined) this.skipped()
    else {
      this.hashed += 1
      this.bytes += outcome.bytes
    }
    return outcome
  }

  failed(path: Buffer, error: unknown): void {
    this.failures.push({ path, error })
  }

  skipped(): void {
    this.notHashed += 1
  }
}
