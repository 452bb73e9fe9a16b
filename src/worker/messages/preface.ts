import { TOKEN_BYTES } from './frames.ts'

/** What the caller's side says to a worker process first, before there are messages: the tokens, and one byte more. */
export interface Preface {
  /** The messages of the worker begin with it. */
  readonly ofWorker: Buffer
  /** The messages of the caller's side begin with it. */
  readonly ofCaller: Buffer
  /** Whether the worker has to watch for the end of the caller's process by itself. */
  readonly unwatched: boolean
}

export const PREFACE_BYTES = 2 * TOKEN_BYTES + 1

export function prefaceIn(bytes: Buffer): Preface {
  return {
    ofWorker: bytes.subarray(0, TOKEN_BYTES),
    ofCaller: bytes.subarray(TOKEN_BYTES, 2 * TOKEN_BYTES),
    unwatched: bytes[2 * TOKEN_BYTES] === 1,
  }
}

/** @param random as many bytes, which become the preface */
export function prefaceBytes(random: Buffer, unwatched: boolean): Buffer {
  random[2 * TOKEN_BYTES] = unwatched ? 1 : 0
  return random
}

/** Its end is that of the caller's process: the worker reads it, nobody writes. */
export const LIFELINE = 3
/** What is said to the worker. */
export const INCOMING = 4
/** What the worker says. */
export const OUTGOING = 5
