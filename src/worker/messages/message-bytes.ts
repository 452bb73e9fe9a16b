import { DefaultDeserializer, DefaultSerializer, deserialize, serialize } from 'node:v8'
import { HEADER_BYTES, TOKEN_BYTES } from './frames.ts'

const NO_LENGTH = Buffer.alloc(HEADER_BYTES - TOKEN_BYTES)

/** Bun has neither of the two classes. */
const HAS_CLASSES = !('bun' in process.versions)

/** A message as one piece of bytes, for a {@link FrameReader}. Throws when it can't be cloned. */
export function messageBytes(message: unknown, token: Buffer): Buffer {
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
export function messageIn(payload: Buffer): unknown {
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
