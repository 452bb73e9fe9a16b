/** How many bytes the token of a side has. */
export const TOKEN_BYTES = 16
/** The token and the length of what follows. */
export const HEADER_BYTES = TOKEN_BYTES + 4
const NOTHING = Buffer.alloc(0)

/**
 * Cuts what comes through a pipe into messages. Every message begins with the token of the sender: bytes that other code
 * writes into the pipe are known by its absence, and no length is believed that a stranger wrote.
 *
 * `read` throws when it meets such bytes; nothing can be read after that.
 */
export class FrameReader {
  readonly #take: (payload: Buffer) => void
  readonly #token: Buffer
  /** The header of the next message, or its payload: what has come of it when it does not come whole. */
  #part = Buffer.alloc(HEADER_BYTES)
  #filled = 0
  #inPayload = false

  /** @param take gets each payload, whose bytes are its own only until it returns */
  constructor(token: Buffer, take: (payload: Buffer) => void) {
    this.#token = token
    this.#take = take
  }

  /** The chunk may be used again when this returns. */
  read(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      const next = this.#filled === 0 && !this.#inPayload ? this.#whole(chunk, at) : at
      at = next > at ? next : this.#fill(chunk, at)
    }
  }

  /** Takes a message that has come whole, as most do, and returns where it ends. */
  #whole(chunk: Buffer, at: number): number {
    const start = at + HEADER_BYTES
    if (chunk.length < start) return at
    const end = start + this.#lengthIn(chunk, at)
    if (chunk.length < end) return at
    this.#take(chunk.subarray(start, end))
    return end
  }

  #fill(chunk: Buffer, at: number): number {
    const copied = chunk.copy(this.#part, this.#filled, at)
    this.#filled += copied
    if (this.#filled === this.#part.length) this.#full()
    return at + copied
  }

  #full(): void {
    const part = this.#part
    const wasPayload = this.#inPayload
    const length = wasPayload ? 0 : this.#lengthIn(part, 0)
    this.#filled = 0
    this.#inPayload = length > 0
    this.#part = Buffer.allocUnsafeSlow(length > 0 ? length : HEADER_BYTES)
    if (wasPayload) this.#take(part)
    else if (length === 0) this.#take(NOTHING)
  }

  #lengthIn(bytes: Buffer, at: number): number {
    for (let index = 0; index < TOKEN_BYTES; index += 1) {
      if (bytes[at + index] !== this.#token[index]) throw new StrangeBytesError()
    }
    return bytes.readUInt32LE(at + TOKEN_BYTES)
  }
}

class StrangeBytesError extends Error {
  override name = 'StrangeBytesError'

  constructor() {
    super('bytes arrived that the other side did not send: other code wrote into the pipe, or read from it')
  }
}
