import { getBuiltinModule } from '../node.ts'

// Functions may replace those of the module.
const { writeSync: write } = getBuiltinModule('node:fs')
const wait = Atomics.wait
const NEVER = new Int32Array(new SharedArrayBuffer(4))

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
