import type { RunReporter } from '../progress/run-reporter.ts'
import type { RunProgress } from '../progress/types.ts'
import type { Task } from '../task/task.ts'
import type { MapResults } from './map-options.ts'

/** How far a map is: changed by the run. */
export interface MapProgress {
  completed: number
  failed: number
}

/** The results of a map whose progress is shown, from the start of a loop over them to its end. */
export function reportedResults<T>(
  results: MapResults<T>,
  reporter: RunReporter,
  progress: MapProgress,
  run: { readonly total?: number; readonly label?: string },
): MapResults<T> {
  const reported = async function* <E>(ended: () => AsyncIterable<E>): AsyncGenerator<E, void, undefined> {
    progress.completed = progress.failed = 0
    reporter.start(run)
    let cancelled = true
    try {
      yield* ended()
      cancelled = false
    } finally {
      await reporter.stop({ ...progress, ...(cancelled && { cancelled }) })
    }
  }
  const list = async function* (): AsyncGenerator<T[], void, undefined> {
    yield await results.toArray()
  }
  return {
    async toArray() {
      const whole = reported(list)
      const { value } = await whole.next()
      await whole.next()
      return value ?? []
    },
    [Symbol.asyncIterator]: () => reported(() => results),
    entries: () => reported(() => results.entries()),
  }
}

/** Counts a task that has ended. */
export function counted(progress: MapProgress, task: Task, total: number | undefined): RunProgress {
  progress.completed += 1
  if (task.status === 'failed') progress.failed += 1
  return { ...progress, ...(total !== undefined && { total }) }
}
