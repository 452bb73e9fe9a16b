import { attempt } from '../attempt.ts'
import { checkProgress } from './check-progress.ts'
import { givenReporter } from './given-reporter.ts'
import { SafeReporter } from './safe-reporter.ts'
import { StreamReporter } from './stream-reporter.ts'
import type { Progress, ProgressOptions, ProgressReporter, ProgressStream } from './types.ts'

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
  checkProgress(progress)
  if (progress === undefined || progress === false) return undefined
  return (
    givenReporter(progress, onError) ?? streamReporter(progress === true ? {} : (progress as ProgressOptions), onError)
  )
}

function streamReporter(options: ProgressOptions, onError: (error: unknown) => void): ProgressReporter | undefined {
  const stream = options.stream === undefined ? standardError() : options.stream
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

/** How progress is shown: a bar, plain lines, or not at all. */
type Display = 'bar' | 'lines' | 'none'

/**
 * What suits a stream. A bar where one can be drawn and somebody looks at it; lines in pipes and files, under
 * continuous integration (`CI`) and on terminals that can't move the cursor (`TERM=dumb`); nothing when the user has
 * set `NO_PROGRESS`. As with `NO_COLOR`, a variable that is empty counts as not set; `CI=false` does too.
 *
 * `NO_COLOR` has no say: nothing here has a colour.
 */
export function displayFor(stream: ProgressStream, environment: NodeJS.ProcessEnv): Display {
  const { NO_PROGRESS, CI, TERM } = environment
  if (NO_PROGRESS) return 'none'
  if (!stream.isTTY || TERM === 'dumb') return 'lines'
  return CI && CI !== 'false' && CI !== '0' ? 'lines' : 'bar'
}
