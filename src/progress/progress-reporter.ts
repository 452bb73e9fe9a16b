import { attempt } from '../base/attempt.ts'
import type { CliProgress } from './screen.ts'
import { StreamReporter } from './stream-reporter.ts'
import type { ProgressOptions, ProgressReporter, ProgressStream } from './types.ts'

/**
 * The reporter that shows a run on a stream, by options that were checked; `undefined` when the user wants to see none
 * (`NO_PROGRESS`). Make one for each run: a bar shows one run at a time. `onError` is told what went wrong in a `format`
 * that was given.
 *
 * It is loaded late, and shares next to nothing with the core: bundlers make a part of their own of what both need.
 */
export async function progressReporter(
  options: ProgressOptions,
  onError: (error: unknown) => void = () => {},
): Promise<ProgressReporter | undefined> {
  const stream = options.stream === undefined ? standardError() : options.stream
  // Somebody who has no stderr can be shown nothing, which is no reason to do nothing.
  if (stream === undefined) return undefined
  const display = displayFor(stream, attempt(() => process.env) ?? {})
  if (display === 'none') return undefined
  const bars = display === 'bar' ? await loadBars() : undefined
  return new StreamReporter({ ...options, stream, bars, onError })
}

/** cli-progress, `undefined` when it is not installed: an optional peer, which only a bar needs. */
function loadBars(): Promise<CliProgress | undefined> {
  return import(/* webpackIgnore: true */ /* turbopackIgnore: true */ 'cli-progress').then(
    module => module.default.Format,
    () => undefined,
  )
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
