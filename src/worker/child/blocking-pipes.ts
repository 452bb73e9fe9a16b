import { getBuiltinModule } from '../node.ts'

// Functions may replace those of the module.
const { readSync: read, writeSync: write } = getBuiltinModule('node:fs')
const wait = Atomics.wait
const NEVER = new Int32Array(new SharedArrayBuffer(4))

/** Reads so many bytes from a pipe, and waits for them; when its other end is gone, the rest of them are zero. */
export function readBlocking(fd: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let filled = 0
  while (filled < length) {
    try {
      const count = read(fd, bytes, { offset: filled })
      if (count === 0) return bytes
      filled += count
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return bytes
      wait(NEVER, 0, 0, 1)
    }
  }
  return bytes
}

/**
 * Writes to a pipe, and waits while it is full: what a worker says is on its way when this returns, even if the worker
 * ends then, and it can't say more than its caller's side takes. When that is gone, nothing happens.
 */
export function writeBlocking(fd: number, bytes: Buffer): void {
  let written = 0
  while (written < bytes.length) {
    try {
      written += write(fd, bytes, written)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
      // A function has opened the pipe too, and made it one that does not block.
      wait(NEVER, 0, 0, 1)
    }
  }
}
