import type { Readable } from 'node:stream'
import { DefaultDeserializer, DefaultSerializer, deserialize, serialize } from 'node:v8'
import { FrameReader, HEADER_BYTES, TOKEN_BYTES } from './frames.ts'

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

const NO_LENGTH = Buffer.alloc(HEADER_BYTES - TOKEN_BYTES)

/** Bun has neither of the two classes. */
const HAS_CLASSES = !('bun' in process.versions)

/** A message as one piece of bytes, for a {@link FrameReader}. Throws when it can't be cloned. */
function messageBytes(message: unknown, token: Buffer): Buffer {
  if (!HAS_CLASSES) return framed(serialize(message), token)
  const serializer = new DefaultSerializer()
  serializer.writeRawBytes(token)
  serializer.writeRawBytes(NO_LENGTH)
  serializer.writeHeader()
  serializer.writeValue(message)
  const bytes = serializer.releaseBuffer()
  bytes.writeUInt32LE(bytes.length - HEADER_BYTES, TOKEN_BYTES)
  return bytes
}

function framed(payload: Buffer, token: Buffer): Buffer {
  const bytes = Buffer.concat([token, NO_LENGTH, payload])
  bytes.writeUInt32LE(payload.length, TOKEN_BYTES)
  return bytes
}

/** The message in a payload. Nothing of it lies in the payload, which may be used again. */
function messageIn(payload: Buffer): unknown {
  if (!HAS_CLASSES) return deserialize(Buffer.from(payload))
  const deserializer = new CopyingDeserializer(payload)
  deserializer.readHeader()
  return deserializer.readValue()
}

type ReadsViews = new (
  bytes: Buffer,
) => DefaultDeserializer & {
  _readHostObject(): NodeJS.TypedArray | DataView
}

/** Node's own makes views of what it reads from, so that a few bytes keep, and show, all that came with them. */
class CopyingDeserializer extends (DefaultDeserializer as unknown as ReadsViews) {
  override _readHostObject(): NodeJS.TypedArray | DataView {
    const view = super._readHostObject()
    const { buffer } = new Uint8Array(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
    if (Buffer.isBuffer(view)) return Buffer.from(buffer)
    return new (view.constructor as new (bytes: ArrayBuffer) => NodeJS.TypedArray)(buffer)
  }
}
