import { progressReporter } from '../../src/progress/progress-reporter.ts'
import type { Tally } from './tally.ts'
import { plural, size, speed } from './text.ts'

/** Shows how far a run is, on stderr. */
export interface Progress {
  /** The tally has changed. */
  changed(): void
  /** Shows the final state and ends the display. */
  stop(): void
}

/** A bar on a terminal, where the results go above it; a line every two seconds in a pipe or a file. */
export async function showProgress(tally: Tally): Promise<Progress> {
  const reporter = await progressReporter({ clear: true, format: () => words(tally) })
  reporter?.start({ total: tally.total })
  return {
    changed: () => reporter?.update({ completed: tally.ended, total: tally.total }),
    stop: () => reporter?.stop({ completed: tally.ended, failed: tally.failures.length }),
  }
}

function words({ ended, total, countComplete, bytesRead, elapsed }: Tally): string {
  const files = `${ended}/${plural(total, 'file')}${countComplete ? '' : ' found so far'}`
  return `${files}, ${size(bytesRead)}, ${speed(bytesRead, elapsed)}`
}
