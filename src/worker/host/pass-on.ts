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
