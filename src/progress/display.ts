import type { ProgressStream } from './types.ts'

/** How progress is shown: a bar, plain lines, or not at all. */
export type Display = 'bar' | 'lines' | 'none'

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
