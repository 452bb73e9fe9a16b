import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import type { Uplink } from './serve-calls.ts'

/**
 * What the functions of a worker print leaves it in its own time, later than their results. This tells the caller's side
 * that there is some, so that neither it nor the worker ends before the last line has arrived.
 */
export class Output {
  readonly #uplink: Uplink
  /** How many rounds of flushing are to come; one is enough for all calls that end during another. */
  #rounds = 0
  /** How much was written when it was last told. */
  #told = 0

  constructor(uplink: Uplink) {
    this.#uplink = uplink
  }

  /** Before every result. */
  announce(): void {
    const { stdout, stderr } = process
    const printed = bytesOf(stdout) + bytesOf(stderr)
    if (printed === this.#told && stdout.writableLength === 0 && stderr.writableLength === 0) return
    this.#told = printed
    this.#rounds = Math.min(this.#rounds + 1, 2)
    if (this.#rounds > 1) return
    this.#uplink.post(['noisy'])
    void this.#flush()
  }

  async #flush(): Promise<void> {
    while (this.#rounds > 0) {
      await Promise.all([written(process.stdout), written(process.stderr)])
      this.#rounds -= 1
    }
    this.#uplink.post(['quiet', bytesOf(process.stdout), bytesOf(process.stderr)])
  }
}

/** A pipe takes what is written at once, but nobody may have read it yet; only what a pipe took can be counted. */
function bytesOf(stream: Writable): number {
  return (stream as Partial<Socket>).bytesWritten ?? 0
}

/** Resolves when everything written so far has been taken, or never will be. */
function written(stream: Writable): Promise<void> {
  return new Promise(resolve => {
    if (stream.writableLength === 0 || !stream.writable) return resolve()
    stream.write('', () => resolve())
  })
}
