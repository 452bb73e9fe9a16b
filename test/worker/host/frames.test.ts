import { describe, expect, it } from 'vitest'
import { FrameReader, TOKEN_BYTES } from '../../../src/worker/messages/frames.ts'

const TOKEN = Buffer.alloc(TOKEN_BYTES, 7)

function frame(payload: string, token = TOKEN): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(payload.length)
  return Buffer.concat([token, length, Buffer.from(payload)])
}

function reading() {
  const seen: string[] = []
  return { seen, reader: new FrameReader(TOKEN, payload => seen.push(payload.toString())) }
}

describe('FrameReader', () => {
  const payloads = ['one', '', 'x'.repeat(300), 'four']
  const stream = Buffer.concat(payloads.map(payload => frame(payload)))

  it.each([1, 2, 15, 16, 17, 36, 100, 1_000])('finds the messages in pieces of %d bytes', size => {
    const { seen, reader } = reading()
    for (let at = 0; at < stream.length; at += size) reader.read(stream.subarray(at, at + size))
    expect(seen).toEqual(payloads)
  })

  it('keeps nothing of a chunk that is used again', () => {
    const { seen, reader } = reading()
    const chunk = Buffer.alloc(50)
    for (let at = 0; at < stream.length; at += chunk.length) {
      reader.read(chunk.subarray(0, stream.copy(chunk, 0, at)))
      chunk.fill(0)
    }
    expect(seen).toEqual(payloads)
  })

  it('throws at bytes without the token, after what came before them', () => {
    const { seen, reader } = reading()
    expect(() => reader.read(Buffer.concat([stream, frame('forged', Buffer.alloc(TOKEN_BYTES, 8))]))).toThrow(
      'the other side',
    )
    expect(seen).toEqual(payloads)
  })

  it('believes no length without the token', () => {
    const { reader } = reading()
    reader.read(stream)
    expect(() => reader.read(Buffer.alloc(TOKEN_BYTES + 4, 255))).toThrow('the other side')
  })
})
