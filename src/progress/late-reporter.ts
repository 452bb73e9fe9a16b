import type { Progress, ProgressOutcome, ProgressReporter } from './types.ts'

/** A reporter of ours, whose end may have to be waited for. */
export interface RunReporter extends Omit<ProgressReporter, 'stop'> {
  stop(outcome: ProgressOutcome): void | Promise<void>
}

/** The reporter for options that were checked, loaded by the first run: most managers show nothing. */
export function lateReporter(progress: Progress, onError: (error: unknown) => void): RunReporter {
  let loading: Promise<ProgressReporter | undefined> | undefined
  const tell = (call: (reporter: ProgressReporter) => void) => {
    loading ??= import('./progress-reporter.ts').then(({ progressReporter }) => progressReporter(progress, onError))
    return loading.then(reporter => reporter && call(reporter)).catch(onError)
  }
  return {
    start: run => void tell(reporter => reporter.start(run)),
    update: latest => void tell(reporter => reporter.update(latest)),
    stop: outcome => tell(reporter => reporter.stop(outcome)),
  }
}
