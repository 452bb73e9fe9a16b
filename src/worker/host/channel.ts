import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { DefaultSerializer, deserialize } from 'node:v8'
import { FrameReader, HEADER_BYTES, TOKEN_BYTES } from './frames.ts'

/** Hears what comes through a channel. */
export interface ChannelListener {
  message(message: unknown): void
  /** Something came that is no message; nothing more will be read. */
  spoiled(error: unknown): void
  /** The other side is gone, and everything it said has been heard. */
  closed(): void
}

/**
 * The channel between a process and its worker process. That of `fork` belongs to all code in the worker: a function that
 * sends on it, removes its listeners or disconnects it would settle calls, or hang them; and bytes on it that can't be
 * read throw in the parent, where nothing catches them.
 *
 * Each direction has a pipe of its own: a write that fails closes a socket, and what it could still read would be lost.
 */
export class Channel {
  readonly #out: Socket
  readonly #token = randomBytes(TOKEN_BYTES)

  constructor(incoming: Socket, outgoing: Socket, listener: ChannelListener) {
    this.#out = outgoing
    // Its other end is gone: the incoming pipe closes too.
    outgoing.on('error', () => {})
    incoming.on('error', () => {})
    incoming.on('close', () => listener.closed())
    const reader = new FrameReader(payload => listener.message(deserialize(payload)))
    incoming.on('data', chunk => {
      try {
        reader.read(chunk)
      } catch (error) {
        incoming.removeAllListeners('data')
        incoming.resume()
        listener.spoiled(error)
      }
    })
    outgoing.write(this.#token)
  }

  /** Throws when the message can't be cloned. */
  post(message: unknown): void {
    const serializer = new DefaultSerializer()
    serializer.writeRawBytes(this.#token)
    serializer.writeRawBytes(NO_LENGTH)
    serializer.writeHeader()
    serializer.writeValue(message)
    const frame = serializer.releaseBuffer()
    frame.writeUInt32LE(frame.length - HEADER_BYTES, TOKEN_BYTES)
    if (this.#out.writable) this.#out.write(frame)
  }
}

const NO_LENGTH = Buffer.alloc(HEADER_BYTES - TOKEN_BYTES)
