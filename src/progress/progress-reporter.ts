import { attempt } from '../attempt.ts'
import { boolean, callback, interval, type Known, knownOptions, show, string } from '../options.ts'
import { displayFor } from './display.ts'
import { SafeReporter } from './safe-reporter.ts'
import { StreamReporter } from './stream-reporter.ts'
import type { Progress, ProgressOptions, ProgressReporter, ProgressStream } from './types.ts'

const PROGRESS_OPTIONS: Known<ProgressOptions> = {
  label: true,
  stream: true,
  interval: true,
  clear: true,
  format: true,
}

/**
 * The reporter that the option `progress` asks for, `undefined` when it asks for none or the user wants to see none
 * (`NO_PROGRESS`). Make one for each run: a bar shows one run at a time.
 *
 * Throws `TypeError` and `RangeError` for what is no such option. The reporter never throws: `onError` is told, once,
 * what went wrong in a reporter, a function or a `format` that was given.
 */
export function progressReporter(
  progress: Progress | undefined,
  onError: (error: unknown) => void = () => {},
): ProgressReporter | undefined {
  if (progress === undefined || progress === false) return undefined
  if (typeof progress === 'function') {
    return new SafeReporter({ start() {}, update: progress, stop() {} }, onError)
  }
  if (isReporter(progress)) return new SafeReporter(progress, onError)
  return streamReporter(progress === true ? {} : progress, onError)
}

function streamReporter(given: ProgressOptions, onError: (error: unknown) => void): ProgressReporter | undefined {
  const options = knownOptions('progress', given, PROGRESS_OPTIONS) ?? {}
  if (options.label !== undefined) string('progress.label', options.label)
  if (options.interval !== undefined) interval('progress.interval', options.interval)
  if (options.clear !== undefined) boolean('progress.clear', options.clear)
  if (options.format !== undefined) callback('progress.format', options.format)
  const stream = options.stream === undefined ? standardError() : writable(options.stream)
  // Somebody who has no stderr can be shown nothing, which is no reason to do nothing.
  if (stream === undefined) return undefined
  const display = displayFor(stream, attempt(() => process.env) ?? {})
  if (display === 'none') return undefined
  return new SafeReporter(new StreamReporter({ ...options, stream, bar: display === 'bar', onError }), onError)
}

/** Browsers, some hosts of workers and programs without a console have none. */
function standardError(): ProgressStream | undefined {
  return attempt(() => (typeof process.stderr.write === 'function' ? process.stderr : undefined))
}

function writable(stream: ProgressStream): ProgressStream {
  if (typeof stream?.write === 'function') return stream
  throw new TypeError(`progress.stream must be a stream that can be written to, got ${show(stream)}`)
}

/** What has one of the methods is meant to have them all. */
function isReporter(progress: unknown): progress is ProgressReporter {
  const methods = Object(progress) as Partial<Record<keyof ProgressReporter, unknown>>
  const { start, update, stop } = methods
  if (start === undefined && update === undefined && stop === undefined) return false
  callback('progress.start', start)
  callback('progress.update', update)
  callback('progress.stop', stop)
  return true
}
