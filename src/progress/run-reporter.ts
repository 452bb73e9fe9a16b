import { boolean, callback, interval, type Known, knownOptions, runnable, show, string } from '../base/options.ts'
import { guardedCall } from '../task/guarded-call.ts'
import type { Progress, ProgressOptions, ProgressOutcome, ProgressReporter } from './types.ts'

const PROGRESS_OPTIONS: Known<ProgressOptions> = {
  label: true,
  stream: true,
  interval: true,
  clear: true,
  format: true,
}

/** Throws `TypeError` and `RangeError` for what is no such option. */
export function checkProgress(progress: Progress | undefined): void {
  if (progress === undefined || typeof progress === 'boolean' || typeof progress === 'function') return
  if (isReporter(progress)) return
  const { label, stream, interval: pause, clear, format } = knownOptions('progress', progress, PROGRESS_OPTIONS) ?? {}
  if (label !== undefined) string('progress.label', label)
  if (pause !== undefined) interval('progress.interval', pause)
  if (clear !== undefined) boolean('progress.clear', clear)
  if (format !== undefined) callback('progress.format', format)
  if (stream === undefined || typeof stream?.write === 'function') return
  throw new TypeError(`progress.stream must be a stream that can be written to, got ${show(stream)}`)
}

/** What has one of the methods is meant to have them all. */
function isReporter(progress: unknown): progress is ProgressReporter {
  const { start, update, stop } = Object(progress) as Partial<ProgressReporter>
  if (start === undefined && update === undefined && stop === undefined) return false
  runnable('progress.start', start)
  runnable('progress.update', update)
  runnable('progress.stop', stop)
  return true
}

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
