import { constants } from 'node:os'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** The run was told to stop; `exitCode` is the one that belongs to the signal (130, 143). */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly exitCode: number

  constructor(signal: (typeof SIGNALS)[number]) {
    super(`stopped by ${signal}`)
    this.exitCode = 128 + constants.signals[signal]
  }
}

/**
 * Aborts with {@link Interrupted} on the first SIGINT or SIGTERM. Those that follow change nothing: a Ctrl-C comes twice
 * under npm, from the terminal and from npm.
 */
export function interruption(): AbortSignal {
  const stopping = new AbortController()
  for (const signal of SIGNALS) process.on(signal, () => stopping.abort(new Interrupted(signal)))
  return stopping.signal
}
