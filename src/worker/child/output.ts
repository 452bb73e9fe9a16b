import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import type { Uplink } from '../messages/link.ts'
import { process } from '../node.ts'

/**
 * What the functions of a worker print leaves it in its own time, later than their results. This tells the caller's side
 * that there is some, so that neither it nor the worker ends before the last line has arrived.
 */
export class Output {
  readonly #uplink: Uplink
  readonly #stdout = new Printed(process.stdout)
  readonly #stderr = new Printed(process.stderr)
  /** How many rounds of flushing are to come; one is enough for all calls that end during another. */
  #rounds = 0
  /** How much was written when it was last told. */
  #told = 0

  constructor(uplink: Uplink) {
    this.#uplink = uplink
  }

  /** Before every result. */
  announce(): void {
    const printed = this.#stdout.bytes + this.#stderr.bytes
    if (printed === this.#told && !this.#stdout.waiting && !this.#stderr.waiting) return
    this.#told = printed
    this.#rounds = Math.min(this.#rounds + 1, 2)
    if (this.#rounds > 1) return
    this.#uplink.post(['noisy'])
    void this.#flush()
  }

  /** Resolves when everything printed so far has left this worker. */
  async written(): Promise<void> {
    await this.#stdout.written()
    await this.#stderr.written()
  }

  async #flush(): Promise<void> {
    while (this.#rounds > 0) {
      await this.written()
      this.#rounds -= 1
    }
    this.#uplink.post(['quiet', this.#stdout.bytes, this.#stderr.bytes])
  }
}

/** One stream, as it was before the functions of the worker could replace it or its `write`, which many do to listen. */
class Printed {
  readonly #stream: Writable
  readonly #write: Writable['write']

  constructor(stream: Writable) {
    this.#stream = stream
    this.#write = stream.write.bind(stream)
  }

  /** A pipe takes what is written at once, but nobody may have read it yet; only what a pipe took can be counted. */
  get bytes(): number {
    return (this.#stream as Partial<Socket>).bytesWritten ?? 0
  }

  /** Whether some of what was written has not been taken. */
  get waiting(): boolean {
    return this.#stream.writableLength > 0
  }

  /** Resolves when everything written so far has been taken, or never will be. */
  written(): Promise<void> {
    return new Promise(resolve => {
      if (!this.waiting || !this.#stream.writable) return resolve()
      this.#write('', () => resolve())
    })
  }
}
