import { getBuiltinModule } from '../node.ts'

const { readSync } = getBuiltinModule('node:fs')
const NEVER = new Int32Array(new SharedArrayBuffer(4))

/** Reads so many bytes from a pipe, and waits for them; when its other end is gone, the rest of them are zero. */
export function readBlocking(fd: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let filled = 0
  while (filled < length) {
    try {
      const count = readSync(fd, bytes, { offset: filled })
      if (count === 0) return bytes
      filled += count
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return bytes
      Atomics.wait(NEVER, 0, 0, 1)
    }
  }
  return bytes
}
