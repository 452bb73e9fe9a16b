import type { Readable, Writable } from 'node:stream'

/**
 * Passes on what a worker writes, no faster than it is taken. Not by `pipe`, which leaves listeners on the target for
 * every worker, and which stops reading when the target fails: the worker would then block in its next write.
 */
export function passOn(source: Readable | null, target: () => Writable): void {
  source?.on('data', chunk => {
    const resume = () => source.resume()
    if (!target().write(chunk, resume)) source.pause()
  })
}

const piped = new WeakSet<Readable>()
const watched = new WeakSet<Writable>()

/**
 * Goes on reading what is piped to a target once that has failed: what is left unread would be waited for. One listener
 * serves all sources of a target.
 */
export function discardOnceUnpiped(source: Readable, target: Writable): void {
  piped.add(source)
  if (watched.has(target)) return
  watched.add(target)
  target.on('unpipe', (unpiped: Readable) => {
    if (piped.has(unpiped)) unpiped.resume()
  })
}
