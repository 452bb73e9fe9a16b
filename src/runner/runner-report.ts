import type { CloseReport } from '../scheduler/types.ts'
import type { TaskRecord } from '../task/types.ts'

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
