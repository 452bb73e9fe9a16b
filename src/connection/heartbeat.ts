import type { Duplex } from 'node:stream'
import { startBackgroundTimer, type Timer } from '../base/clock.ts'
import { LONGEST_SILENCE } from './longest-silence.ts'

/** Sockets say how much they have read. */
type Stream = Duplex & { readonly bytesRead?: number }

/**
 * Ends a connection on which nothing arrives any more: a hung proxy, or a firewall that has forgotten it, leaves it open for
 * good, and its driver would wait for ever. One that is silent is asked with `ask`; to be silent after that, too, is its end.
 */
export function endWhenSilent(stream: Stream, ask: () => Promise<unknown>): void {
  let read = stream.bytesRead
  let asked = false
  let timer: Timer
  const beat = () => {
    // What arrived while this process was busy or frozen is read first.
    timer = startBackgroundTimer(LONGEST_SILENCE, () => setImmediate(look))
  }
  const look = () => {
    if (stream.destroyed) return
    const silent = stream.bytesRead === read
    read = stream.bytesRead
    if (silent && asked) return void stream.destroy(silence())
    asked = silent
    // It fails with its connection, which its users are told of.
    if (silent) ask().catch(() => {})
    beat()
  }
  stream.once('close', () => timer.cancel())
  beat()
}

function silence(): Error {
  const error = new Error(
    `nothing has arrived for ${LONGEST_SILENCE} ms, not even an answer to the question for a sign of life`,
  )
  return Object.assign(error, { code: 'ETIMEDOUT' })
}
