import { now, startTimer, type Timer } from '../base/clock.ts'
import { StoreError } from '../base/errors.ts'
import type { CloseReport } from '../scheduler/types.ts'
import type { TaskRecord } from '../task/types.ts'

/** So many ids are told of records that were not written. */
const TOLD = 20

/**
 * How long the close of a runner waits for its store: as long as that answers, and for an answer until the close has to be
 * over, or `patience` milliseconds where it was asked so late.
 */
export class CloseLimit {
  readonly #patience: number
  readonly #busySince: () => number | undefined
  readonly #passed = Promise.withResolvers<void>()
  #closeBy = Number.POSITIVE_INFINITY
  #timer: Timer | undefined

  /** `busySince` says since when the store has owed an answer. */
  constructor(patience: number, busySince: () => number | undefined) {
    this.#patience = patience
    this.#busySince = busySince
  }

  /** Only ever sooner. */
  closeBy(time: number): void {
    this.#closeBy = Math.min(this.#closeBy, time)
    if (this.#timer !== undefined) this.#arm()
  }

  /** Resolves when the store has been waited for long enough. */
  passed(): Promise<void> {
    this.#arm()
    return this.#passed.promise
  }

  cancel(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #arm(): void {
    this.#timer?.cancel()
    const since = this.#busySince()
    const left = Math.max(this.#closeBy, (since ?? now()) + this.#patience) - now()
    if (since !== undefined && left <= 0) this.#passed.resolve()
    else this.#timer = startTimer(Math.max(1, left), () => this.#arm())
  }
}

/** The report of a manager, with what a runner and its store have to say about it. */
export function runnerReport(
  report: CloseReport,
  unwritten: readonly number[],
  kept: ReadonlySet<number> | undefined,
  recordOf: (id: number) => TaskRecord | undefined,
): CloseReport {
  if (unwritten.length === 0 && kept === undefined) return report
  return Object.freeze({
    ...report,
    ...(kept !== undefined && withKept(report, kept, recordOf)),
    ...(unwritten.length > 0 && { unwritten }),
  })
}

/** What was left to the next runner is not cancelled for good. */
function withKept(
  { cancelled, neverStarted }: CloseReport,
  kept: ReadonlySet<number>,
  recordOf: (id: number) => TaskRecord | undefined,
): Pick<CloseReport, 'cancelled' | 'neverStarted' | 'kept'> {
  const known = new Map(neverStarted.map(record => [record.id, record]))
  const records = [...kept].sort((a, b) => a - b).map(id => known.get(id) ?? recordOf(id))
  return {
    cancelled: cancelled - kept.size,
    neverStarted: Object.freeze(neverStarted.filter(({ id }) => !kept.has(id))),
    kept: Object.freeze(records.filter(record => record !== undefined)),
  }
}

/** What there is to say of what a runner could not write before it was closed. */
export function unwrittenError(ids: readonly number[], failing: StoreError | undefined): StoreError {
  const some = `${ids.slice(0, TOLD).join(', ')}${ids.length > TOLD ? ', …' : ''}`
  const what = ids.length === 1 ? `the record of 1 task (${some})` : `the records of ${ids.length} tasks (${some})`
  const cause = failing ?? new StoreError('the store did not answer in time')
  return new StoreError(`${what} could not be kept: the store still has what was written before`, { cause })
}
