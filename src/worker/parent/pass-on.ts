import type { Readable, Writable } from 'node:stream'
import { startTimer } from '../../base/clock.ts'

/** Milliseconds. */
const SILENCE = 1_000

/**
 * Passes on what a worker writes, no faster than it is taken. Not by `pipe`, which leaves listeners on the target for
 * every worker, and which stops reading when the target fails: the worker would then block in its next write.
 */
export class PassedOn {
  #bytes = 0
  #ended = false
  /** The target takes no more for now. */
  #paused = false
  readonly #closed = Promise.withResolvers<void>()
  #waiting: { readonly bytes: number; readonly tell: () => void }[] = []

  constructor(source: Readable | null, target: () => Writable) {
    source?.on('data', (chunk: Buffer) => {
      const resume = () => {
        this.#paused = false
        source.resume()
      }
      if (!target().write(chunk, resume)) {
        this.#paused = true
        source.pause()
      }
      this.#bytes += chunk.length
      this.#tell()
    })
    this.#ended = source === null
    source?.on('close', () => {
      this.#ended = true
      this.#closed.resolve()
      this.#tell()
    })
  }

  /** Resolves when so many bytes have come, or no more will. */
  reached(bytes: number): Promise<void> {
    return new Promise(tell => {
      this.#waiting.push({ bytes, tell })
      this.#tell()
    })
  }

  /**
   * Resolves when everything has been passed on, once the process is gone. One that it had started, and that has left its
   * group, may hold the pipe open: when nothing comes for a second though the target would take it, that was all.
   */
  async drained(): Promise<void> {
    while (!this.#ended) {
      const before = this.#bytes
      await this.#closedWithin(SILENCE)
      if (!this.#paused && this.#bytes === before) return
    }
  }

  async #closedWithin(ms: number): Promise<void> {
    const over = Promise.withResolvers<void>()
    // After a turn of the event loop, which reads what has come while it was busy.
    const timer = startTimer(ms, () => setImmediate(over.resolve))
    await Promise.race([this.#closed.promise, over.promise])
    timer.cancel()
  }

  #tell(): void {
    const there = this.#waiting.filter(({ bytes }) => this.#ended || bytes <= this.#bytes)
    this.#waiting = this.#waiting.filter(waiting => !there.includes(waiting))
    for (const { tell } of there) tell()
  }
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
