import type { ReadStream } from 'node:fs'
import type { Socket as NetSocket, OnReadOpts } from 'node:net'
import { deserialize, serialize } from 'node:v8'
import { bare } from '../../base/options.ts'
import { plainThrown } from '../../serialize/thrown.ts'
import { enterWorker } from '../functions/nesting.ts'
import { notTooDeep } from '../functions/uncarriable.ts'
import { Channel } from '../messages/channel.ts'
import type { Uplink } from '../messages/link.ts'
import { INCOMING, LIFELINE, OUTGOING, PREFACE_BYTES, prefaceIn } from '../messages/preface.ts'
import { getBuiltinModule, process } from '../node.ts'
import { endWithPipe, GRACE } from './lifeline.ts'
import { signalGroup } from './process-group.ts'
import { serveCalls } from './serve-calls.ts'

const { Socket } = getBuiltinModule('node:net')

/** What is read at a time: what a pipe holds. */
const READ_BYTES = 65_536

enterWorker()

// Functions may replace what others find on `process` and in modules.
const on = process.on.bind(process)
const exit = process.exit.bind(process)
const { readSync: read, writeSync: write } = getBuiltinModule('node:fs')
const wait = Atomics.wait

/** Nobody ever wakes who waits for it. */
const NEVER = new Int32Array(new SharedArrayBuffer(4))

const uplink: Uplink = {
  kind: 'process',
  post: message => channel.post(message),
  carry: value => deserialize(serialize(notTooDeep(value))),
  memory: () => process.memoryUsage.rss(),
  exit: () => exit(0),
  crash(error) {
    uplink.post(['uncaught', plainThrown(error, uplink.carry)])
    exit(1)
  },
}

// To make tokens here would take a fifth of the start: most of what Node has for random bytes is for other things.
const { ofWorker, ofCaller, unwatched } = prefaceIn(readBlocking(INCOMING, PREFACE_BYTES))

if (unwatched) {
  // A function in a hot loop never hears that the caller's process has died: a thread of its own listens for that.
  const { Worker } = getBuiltinModule('node:worker_threads')
  new Worker(
    `(${endWithPipe})(${LIFELINE}, ${GRACE})`,
    bare({ eval: true, name: 'taskscope lifeline', execArgv: [] }),
  ).unref()
}

const channel = new Channel(
  bytes => writeBlocking(OUTGOING, bytes),
  { own: ofWorker, other: ofCaller },
  {
    message: serveCalls(uplink),
    spoiled: error => uplink.crash(error),
    closed() {
      // The last of the exit handlers: what the functions have started must not live on.
      on('exit', () => signalGroup(process.pid, 'SIGKILL'))
      exit()
    },
  },
)
channel.closeWith(incoming())
// There is no channel of `fork`: what functions say on it goes to `onMessage`.
process.send = (message: unknown, ...others: unknown[]) => {
  uplink.post(['said', message])
  const sent = others.at(-1)
  if (typeof sent === 'function') process.nextTick(() => sent(null))
  return true
}
uplink.post(['ready'])

function incoming(): NetSocket | ReadStream {
  // Bun's sockets do not read what is open already.
  if ('bun' in process.versions) {
    return getBuiltinModule('node:fs')
      .createReadStream('', { fd: INCOMING })
      .on('data', bytes => channel.read(bytes as Buffer))
  }
  const onread: OnReadOpts = {
    buffer: Buffer.allocUnsafeSlow(READ_BYTES),
    callback(count, bytes) {
      channel.read((bytes as Buffer).subarray(0, count))
      return true
    },
  }
  return new Socket({ fd: INCOMING, readable: true, writable: false, onread })
}

/** Reads so many bytes from a pipe, and waits for them; when its other end is gone, the rest of them are zero. */
function readBlocking(fd: number, length: number): Buffer {
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
function writeBlocking(fd: number, bytes: Buffer): void {
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
