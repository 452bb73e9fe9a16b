import { DefaultDeserializer, DefaultSerializer } from 'node:v8'
import { HEADER_BYTES, TOKEN_BYTES } from './frames.ts'

const NO_LENGTH = Buffer.alloc(HEADER_BYTES - TOKEN_BYTES)

/** A message as one piece of bytes, for a {@link FrameReader}. Throws when it can't be cloned. */
export function messageBytes(message: unknown, token: Buffer): Buffer {
  const serializer = new DefaultSerializer()
  serializer.writeRawBytes(token)
  serializer.writeRawBytes(NO_LENGTH)
  serializer.writeHeader()
  serializer.writeValue(message)
  const bytes = serializer.releaseBuffer()
  bytes.writeUInt32LE(bytes.length - HEADER_BYTES, TOKEN_BYTES)
  return bytes
}

/** The message in a payload. Nothing of it lies in the payload, which may be used again. */
export function messageIn(payload: Buffer): unknown {
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
