import { now } from '../base/clock.ts'
import { createHistogram } from '../base/platform.ts'
import { dueAt } from '../scheduler/entry/delays.ts'
import type { Task } from '../task/task.ts'
import type { TaskStatus } from '../task/types.ts'
import type { Distribution, RunnerStats } from './types.ts'

const SECOND = 1_000
/** The last second is counted in so many pieces. */
const PIECES = 20
const PIECE = SECOND / PIECES

/** Measures the tasks of a runner: a handful of additions per task, everything else when `stats` is called. */
export class Statistics {
  readonly #startedAt = now()
  readonly #waits = new Durations()
  readonly #runs = new Durations()
  readonly #counts: number[] = new Array(PIECES + 1).fill(0)
  /** Which piece of time each of the counts is about. */
  readonly #pieces: number[] = new Array(PIECES + 1).fill(-1)
  #finished = 0
  #retried = 0
  rejected = 0
  dropped = 0

  moved(task: Task, from: TaskStatus, to: TaskStatus): void {
    if (to === 'running') {
      if (task.attempt === 1) this.#waits.add(task.startedAt - dueAt(task))
      return
    }
    if (to === 'stopping') return
    if (from !== 'pending') this.#runs.add(task.updatedAt - task.attemptStartedAt)
    if (to === 'pending') this.#retried += 1
    else if (to !== 'cancelled') this.#finish(task.updatedAt)
  }

  #finish(at: number): void {
    this.#finished += 1
    const piece = Math.floor(at / PIECE)
    const place = piece % this.#pieces.length
    if (this.#pieces[place] !== piece) {
      this.#pieces[place] = piece
      this.#counts[place] = 0
    }
    ;(this.#counts[place] as number) += 1
  }

  stats(): Pick<RunnerStats, 'rejected' | 'dropped' | 'retried' | 'waitTime' | 'runTime' | 'throughput'> {
    return {
      rejected: this.rejected,
      dropped: this.dropped,
      retried: this.#retried,
      waitTime: this.#waits.distribution(),
      runTime: this.#runs.distribution(),
      throughput: this.#throughput(now()),
    }
  }

  #throughput(at: number): RunnerStats['throughput'] {
    const elapsed = at - this.#startedAt
    const oldest = Math.floor(at / PIECE) - PIECES
    const lastSecond = this.#counts.reduce(
      (sum, count, place) => ((this.#pieces[place] as number) > oldest ? sum + count : sum),
      0,
    )
    return { lastSecond, overall: elapsed === 0 ? 0 : (this.#finished * SECOND) / elapsed }
  }
}

/** A native histogram of milliseconds, which knows no zero: everything in it is one more than it was. */
class Durations {
  readonly #histogram = createHistogram()

  add(milliseconds: number): void {
    // Below zero: the clock was set back since an earlier process took the task.
    this.#histogram.record(Math.max(0, milliseconds) + 1)
  }

  distribution(): Distribution {
    const { count, mean, max } = this.#histogram
    const percentile = (share: number) => Math.max(0, this.#histogram.percentile(share) - 1)
    return {
      count,
      mean: count === 0 ? 0 : mean - 1,
      p50: percentile(50),
      p95: percentile(95),
      p99: percentile(99),
      max: count === 0 ? 0 : max - 1,
    }
  }
}
