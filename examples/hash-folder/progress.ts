import type { WriteStream } from 'node:tty'
import { PlainProgress } from './plain-progress.ts'
import type { Tally } from './tally.ts'
import { TerminalProgress } from './terminal-progress.ts'

/** Shows how far a run is while its results are printed. */
export interface Progress {
  /** Writes a result to stdout, past the display where both share a terminal. `false`: wait for stdout's `drain`. */
  print(line: Buffer): boolean
  /** Writes a message to stderr. */
  note(message: string): void
  /** Shows the final state and ends the display. */
  stop(): void
}

/** A stream of this process: a terminal, a pipe or a file. */
export type Output = NodeJS.WriteStream | WriteStream

/** A bar when stderr is a terminal that can draw one, plain lines when it is not. No colours, so none to turn off. */
export function showProgress(tally: Tally, stdout: Output, stderr: Output): Progress {
  const drawable = stderr.isTTY && process.env.TERM !== 'dumb'
  return drawable ? new TerminalProgress(tally, stdout, stderr) : new PlainProgress(tally, stdout, stderr)
}
