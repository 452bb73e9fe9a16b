import { attempt } from '../base/attempt.ts'
import { preciseNow } from '../base/clock.ts'
import { pace } from './pace.ts'
import { type Run, wordsOf } from './run.ts'
import { Screen, type Shown } from './screen.ts'
import { oneLine } from './text.ts'
import type { ProgressOptions, ProgressReporter, ProgressStream } from './types.ts'
import { quietWrite } from './write-guard.ts'

const BAR_INTERVAL = 100
const LINE_INTERVAL = 2_000

/**
 * The reporter that shows a run on a stream, by options that were checked; `undefined` when the user wants to see none
 * (`NO_PROGRESS`). Make one for each run. `onError` is told what went wrong in a `format` that was given.
 *
 * It is loaded late, and shares next to nothing with the core: bundlers make a part of their own of what both need.
 */
export function progressReporter(
  { stream = standardError(), label, format, interval, clear = false }: ProgressOptions,
  onError: (error: unknown) => void = () => {},
): ProgressReporter | undefined {
  // A program that has no stderr can be shown nothing, which is no reason to do nothing.
  if (stream === undefined) return undefined
  const display = displayFor(stream, attempt(() => process.env) ?? {})
  if (display === 'none') return undefined
  let run: Run | undefined
  let shown: Shown | undefined
  return {
    start({ total, label: name = '' }) {
      run = { label: oneLine(label ?? name), total, startedAt: preciseNow(), latest: { completed: 0 }, format, onError }
      shown =
        display === 'bar'
          ? Screen.of(stream, interval ?? BAR_INTERVAL).add(run, clear)
          : lines(run, stream, interval ?? LINE_INTERVAL)
    },
    update(latest) {
      if (run !== undefined) run.latest = latest
      shown?.news()
    },
    stop(outcome) {
      if (run !== undefined) run.outcome = outcome
      shown?.end()
      run = shown = undefined
    },
  }
}

/** One run as lines, for pipes and files: one whenever there is something new, but not more often than `interval`. */
function lines(run: Run, stream: ProgressStream, interval: number): Shown {
  let last: string | undefined
  const print = () => {
    const line = `${run.label || 'progress'}: ${wordsOf(run).line}\n`
    if (line !== last) quietWrite(stream, line)
    last = line
  }
  const { news, stop } = pace(interval, print)
  return {
    news,
    end() {
      stop()
      print()
    },
  }
}

/** Browsers, some hosts of workers and programs without a console have none. */
function standardError(): ProgressStream | undefined {
  return attempt(() => (typeof process.stderr.write === 'function' ? process.stderr : undefined))
}

/**
 * What suits a stream. A bar where one can be drawn and seen; lines in pipes and files, under continuous integration
 * (`CI`) and on terminals that can't move the cursor (`TERM=dumb`); nothing when the user has set `NO_PROGRESS`. As with
 * `NO_COLOR`, a variable that is empty counts as not set; `CI=false` does too.
 *
 * `NO_COLOR` has no say: nothing here has a colour.
 */
export function displayFor(stream: ProgressStream, environment: NodeJS.ProcessEnv): 'bar' | 'lines' | 'none' {
  const { NO_PROGRESS, CI, TERM } = environment
  if (NO_PROGRESS) return 'none'
  if (!stream.isTTY || TERM === 'dumb') return 'lines'
  return CI && CI !== 'false' && CI !== '0' ? 'lines' : 'bar'
}
