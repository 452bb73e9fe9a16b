import { isReporter } from './check-progress.ts'
import { SafeReporter } from './safe-reporter.ts'
import type { Progress, ProgressReporter } from './types.ts'

/** The reporter for a function or a reporter that was given; `undefined` for all else. */
export function givenReporter(progress: Progress, onError: (error: unknown) => void): ProgressReporter | undefined {
  if (typeof progress === 'function') {
    return new SafeReporter({ start() {}, update: progress, stop() {} }, onError)
  }
  return isReporter(progress) ? new SafeReporter(progress, onError) : undefined
}
