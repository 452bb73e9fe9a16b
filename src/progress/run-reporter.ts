import { guardedCall } from '../task/guarded-call.ts'
import { isReporter } from './check-progress.ts'
import type { Progress, ProgressOptions, ProgressOutcome, ProgressReporter } from './types.ts'

/** What hears of a run. Its end may have to be waited for. */
export interface RunReporter extends Omit<ProgressReporter, 'stop'> {
  stop(outcome: ProgressOutcome): void | Promise<void>
}

type OnError = (error: unknown) => void

/**
 * The reporter for an option `progress` that was checked, `undefined` when it asks for none. It never throws: `onError`
 * is told, once, what went wrong in a reporter, a function or a `format` that was given.
 */
export function runReporter(progress: Progress | undefined, onError: OnError): RunReporter | undefined {
  if (progress === undefined || progress === false) return undefined
  if (typeof progress === 'function') return safeReporter({ start() {}, update: progress, stop() {} }, onError)
  if (isReporter(progress)) return safeReporter(progress, onError)
  return lateReporter(progress === true ? {} : progress, onError)
}

/**
 * A reporter whose errors change no outcome, thrown or as a rejected promise. The first is handed on; after it the
 * reporter hears of nothing but the end, to take away what it has drawn.
 */
function safeReporter(reporter: ProgressReporter, onError: OnError): ProgressReporter {
  let failed = false
  const fail: OnError = error => {
    if (failed) return
    failed = true
    guardedCall(
      () => onError(error),
      () => {},
    )
  }
  return {
    start: run => guardedCall(() => reporter.start(run), fail),
    update: latest => void (failed || guardedCall(() => reporter.update(latest), fail)),
    stop: outcome => guardedCall(() => reporter.stop(outcome), fail),
  }
}

/** What shows progress is loaded by the first run: most programs show nothing. */
function lateReporter(options: ProgressOptions, onError: OnError): RunReporter {
  let loading: Promise<ProgressReporter | undefined> | undefined
  const load = async () => {
    const { progressReporter } = await import('./progress-reporter.ts')
    const reporter = progressReporter(options, onError)
    return reporter && safeReporter(reporter, onError)
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
