import type { CloseReport } from '../../scheduler/types.ts'

/** How a service ended: the counts of its calls over its whole life. */
export interface ServiceReport extends Omit<CloseReport, 'neverStarted'> {
  /** Stopped for their callers, or because another worker had them: not what this close has stopped. */
  readonly cancelled: number
  /** Went back to the queue for other workers, because this one closed before they had ended. */
  readonly givenBack: number
}
