import { constants } from 'node:os'
import { startedByNpm } from './caller.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** npm hands on the Ctrl-C that the terminal has already sent to both: one key press arrives twice, within moments. */
const SAME_KEY_PRESS = 200

/**
 * Calls `stop` on the first SIGINT or SIGTERM with the exit code that belongs to it (130, 143), and exits with it at
 * once on the second. Returns what ends the listening.
 */
export function onInterrupt(stop: (exitCode: number) => void): () => void {
  const patience = startedByNpm ? SAME_KEY_PRESS : 0
  let first: number | undefined
  const listener = (signal: (typeof SIGNALS)[number]) => {
    const exitCode = 128 + constants.signals[signal]
    if (first === undefined) {
      first = performance.now()
      stop(exitCode)
    } else if (performance.now() - first >= patience) process.exit(exitCode)
  }
  for (const signal of SIGNALS) process.on(signal, listener)
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener)
  }
}
