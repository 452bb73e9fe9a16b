/** How many bytes the token of a side has. */
export const TOKEN_BYTES = 16
/** The token and the length of what follows. */
export const HEADER_BYTES = TOKEN_BYTES + 4

/**
 * Cuts what comes through a pipe into messages. The first bytes are the token of the sender, and every message begins
 * with it: bytes that other code writes into the pipe are known by its absence, and no length is believed that a stranger
 * wrote.
 *
 * `read` throws when it meets such bytes; nothing can be read after that.
 */
export class FrameReader {
  readonly #take: (payload: Buffer) => void
  #token: Buffer | undefined
  /** What has come of the next message; most messages come whole, in one chunk. */
  #parts: Buffer[] = []
  #bytes = 0
  /** How many bytes are of use: all of the next message once its header is known. */
  #wanted = TOKEN_BYTES

  constructor(take: (payload: Buffer) => void) {
    this.#take = take
  }

  read(chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#parts.length > 0 || chunk.length < this.#wanted) this.#parts.push(chunk)
    if (this.#bytes < this.#wanted) return
    const whole = this.#parts.length > 0 ? Buffer.concat(this.#parts) : chunk
    this.#parts = []
    const used = this.#cut(whole)
    this.#bytes = whole.length - used
    if (this.#bytes > 0) this.#parts.push(whole.subarray(used))
  }

  /** Takes all that is whole, and returns how many bytes that was. */
  #cut(bytes: Buffer): number {
    let at = 0
    if (this.#token === undefined) {
      this.#token = bytes.subarray(0, TOKEN_BYTES)
      at = TOKEN_BYTES
    }
    for (;;) {
      this.#wanted = HEADER_BYTES
      if (bytes.length - at < HEADER_BYTES) return at
      if (bytes.compare(this.#token, 0, TOKEN_BYTES, at, at + TOKEN_BYTES) !== 0) throw new StrangeBytesError()
      this.#wanted += bytes.readUInt32LE(at + TOKEN_BYTES)
      if (bytes.length - at < this.#wanted) return at
      const start = at
      at += this.#wanted
      this.#take(bytes.subarray(start + HEADER_BYTES, at))
    }
  }
}

class StrangeBytesError extends Error {
  override name = 'StrangeBytesError'

  constructor() {
    super('bytes arrived that the other side did not send: other code wrote into the pipe, or read from it')
  }
}
