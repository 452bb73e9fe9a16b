import type { Progress, ProgressReporter } from './types.ts'

/** The reporter for options that were checked, loaded by the first run: most managers show nothing. */
export function lateReporter(progress: Progress, onError: (error: unknown) => void): ProgressReporter {
  let loading: Promise<ProgressReporter | undefined> | undefined
  const tell = (call: (reporter: ProgressReporter) => void) => {
    loading ??= import('./progress-reporter.ts').then(({ progressReporter }) => progressReporter(progress, onError))
    loading.then(reporter => reporter && call(reporter)).catch(onError)
  }
  return {
    start: run => tell(reporter => reporter.start(run)),
    update: latest => tell(reporter => reporter.update(latest)),
    stop: outcome => tell(reporter => reporter.stop(outcome)),
  }
}
