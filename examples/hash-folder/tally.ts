import { TaskScopeError } from '../../src/index.ts'
import { type HashedFile, UnreadableFileError } from './hash-task.ts'
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
  /** Bytes read so far, those of files still under way or failed included. */
  bytesRead = 0
  notHashed = 0
  /** Files whose turn is over: hashed, failed or found to be none. */
  ended = 0
  /** Files that were cancelled before or while they were hashed. */
  cancelled = 0
  /** Files counted by the walk that runs ahead, and whether it has got to the end. */
  counted = 0
  countComplete = false

  /** All files, as far as they are known. A folder that changes meanwhile can make the count fall behind. */
  get total(): number {
    return Math.max(this.counted, this.ended + this.cancelled)
  }

  get left(): number {
    return this.total - this.ended
  }

  get elapsed(): number {
    return performance.now() - this.startedAt
  }

  /** Books how a task ended; returns the file if it was hashed. Throws what is neither our error nor the manager's. */
  book(outcome: HashedFile | Error | undefined): HashedFile | undefined {
    if (outcome instanceof TaskScopeError) {
      this.cancelled += 1
      return undefined
    }
    if (outcome instanceof UnreadableFileError) this.failed(outcome.path, outcome.cause)
    else if (outcome instanceof Error) throw outcome
    else if (outcome === undefined) this.skipped()
    else {
      this.hashed += 1
      this.bytes += outcome.bytes
    }
    this.ended += 1
    return outcome instanceof Error ? undefined : outcome
  }

  failed(path: Buffer, error: unknown): void {
    this.failures.push({ path, error })
  }

  skipped(): void {
    this.notHashed += 1
  }
}
