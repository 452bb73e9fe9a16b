import type { Readable } from 'node:stream'
import { FrameReader } from './frames.ts'
import { messageBytes, messageIn } from './message-bytes.ts'

/** Hears what comes through a channel. */
export interface ChannelListener {
  message(message: unknown): void
  /** Something came that is no message; nothing more will be read. */
  spoiled(error: unknown): void
  /** The other side is gone, and everything it said has been heard. */
  closed(): void
}

/** What the messages of each side begin with. */
export interface Tokens {
  readonly own: Buffer
  readonly other: Buffer
}

/**
 * One side of the channel between a process and its worker process. That of `fork` belongs to all code in the worker: a
 * function that sends on it, removes its listeners or disconnects it would settle calls, or hang them; and bytes on it
 * that can't be read throw in the parent, where nothing catches them.
 *
 * Each direction has a pipe of its own: a write that fails closes a socket, and what it could still read would be lost.
 */
export class Channel {
  readonly #write: (bytes: Buffer) => void
  readonly #token: Buffer
  readonly #listener: ChannelListener
  readonly #reader: FrameReader
  #spoiled = false

  /** @param write sends bytes to the other side; never throws */
  constructor(write: (bytes: Buffer) => void, tokens: Tokens, listener: ChannelListener) {
    this.#write = write
    this.#token = tokens.own
    this.#listener = listener
    this.#reader = new FrameReader(tokens.other, payload => listener.message(messageIn(payload)))
  }

  /** Throws when the message can't be cloned. */
  post(message: unknown): void {
    this.#write(messageBytes(message, this.#token))
  }

  /** Bytes have come from the other side; they may be used again when this returns. */
  read(bytes: Buffer): void {
    if (this.#spoiled) return
    try {
      this.#reader.read(bytes)
    } catch (error) {
      this.#spoiled = true
      this.#listener.spoiled(error)
    }
  }

  /** Tells the listener once the pipe from the other side is closed. */
  closeWith(incoming: Readable): void {
    incoming.on('error', () => {})
    incoming.on('close', () => this.#listener.closed())
  }
}
