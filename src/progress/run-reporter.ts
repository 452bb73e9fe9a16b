import { isReporter } from './check-progress.ts'
import { SafeReporter } from './safe-reporter.ts'
import type { Progress, ProgressOptions, ProgressOutcome, ProgressReporter } from './types.ts'

/** What hears of a run. Its end may have to be waited for. */
export interface RunReporter extends Omit<ProgressReporter, 'stop'> {
  stop(outcome: ProgressOutcome): void | Promise<void>
}

/**
 * The reporter for an option `progress` that was checked, `undefined` when it asks for none. It never throws: `onError`
 * is told, once, what went wrong in a reporter, a function or a `format` that was given.
 */
export function runReporter(
  progress: Progress | undefined,
  onError: (error: unknown) => void,
): RunReporter | undefined {
  if (progress === undefined || progress === false) return undefined
  if (typeof progress === 'function') {
    return new SafeReporter({ start() {}, update: progress, stop() {} }, onError)
  }
  if (isReporter(progress)) return new SafeReporter(progress, onError)
  return lateReporter(progress === true ? {} : progress, onError)
}

/** What shows progress is loaded by the first run: most programs show nothing. */
function lateReporter(options: ProgressOptions, onError: (error: unknown) => void): RunReporter {
  let loading: Promise<ProgressReporter | undefined> | undefined
  const load = async () => {
    const { progressReporter } = await import('./progress-reporter.ts')
    const reporter = await progressReporter(options, onError)
    return reporter && new SafeReporter(reporter, onError)
  }
  const tell = (call: (reporter: ProgressReporter) => void) => {
    loading ??= load()
    return loading.then(reporter => reporter && call(reporter)).catch(onError)
  }
  return {
    start: run => void tell(reporter => reporter.start(run)),
    update: latest => void tell(reporter => reporter.update(latest)),
    stop: outcome => tell(reporter => reporter.stop(outcome)),
  }
}
