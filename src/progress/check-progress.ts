import { boolean, callback, interval, type Known, knownOptions, runnable, show, string } from '../base/options.ts'
import type { Progress, ProgressOptions, ProgressReporter, ProgressStream } from './types.ts'

const PROGRESS_OPTIONS: Known<ProgressOptions> = {
  label: true,
  stream: true,
  interval: true,
  clear: true,
  format: true,
}

/** Throws `TypeError` and `RangeError` for what is no such option. Apart from what shows it, which is loaded when it is used. */
export function checkProgress(progress: Progress | undefined): void {
  if (progress === undefined || typeof progress === 'boolean' || typeof progress === 'function') return
  if (isReporter(progress)) return
  const { label, stream, interval: pause, clear, format } = knownOptions('progress', progress, PROGRESS_OPTIONS) ?? {}
  if (label !== undefined) string('progress.label', label)
  if (pause !== undefined) interval('progress.interval', pause)
  if (clear !== undefined) boolean('progress.clear', clear)
  if (format !== undefined) callback('progress.format', format)
  if (stream !== undefined) writable(stream)
}

function writable(stream: ProgressStream): void {
  if (typeof stream?.write === 'function') return
  throw new TypeError(`progress.stream must be a stream that can be written to, got ${show(stream)}`)
}

/** What has one of the methods is meant to have them all. */
export function isReporter(progress: unknown): progress is ProgressReporter {
  const methods = Object(progress) as Partial<Record<keyof ProgressReporter, unknown>>
  const { start, update, stop } = methods
  if (start === undefined && update === undefined && stop === undefined) return false
  runnable('progress.start', start)
  runnable('progress.update', update)
  runnable('progress.stop', stop)
  return true
}
