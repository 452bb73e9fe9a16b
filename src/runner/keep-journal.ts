import type { FailureReport } from '../scheduler/failure-report.ts'
import type { TaskStore } from '../store/types.ts'
import { StoreWriter } from './store-writer.ts'

/** The store writer of a runner, whose troubles are reported as others of its manager are. */
export function storeWriterOf(store: TaskStore, cleanupTimeout: number, report: () => FailureReport): StoreWriter {
  return new StoreWriter(store, cleanupTimeout, {
    failed: error => report().log(error, 'the store could not keep what has happened'),
    incomplete: (task, problem) => report().tell(task, problem, `the record of ${task.label} is not complete`),
  })
}
