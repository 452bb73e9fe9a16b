import type { ProgressStream } from './types.ts'

export type WriteGuard = ReturnType<typeof guardWrites>

/**
 * Stands in front of the `write` of a stream, so that whatever the program prints can be made room for. What it returns
 * writes past it, and takes it away: when something else has put itself in front meanwhile, it stays, without effect.
 */
export function guardWrites(stream: ProgressStream, observer: { before(): void; after(chunk: unknown): void }) {
  const own = Object.getOwnPropertyDescriptor(stream, 'write')
  const original = stream.write
  let released = false
  const guarded: ProgressStream['write'] = (...args) => {
    if (released) return Reflect.apply(original, stream, args)
    observer.before()
    try {
      return Reflect.apply(original, stream, args)
    } finally {
      observer.after(args[0])
    }
  }
  stream.write = guarded
  return {
    write: (text: string) => quietWrite(stream, text, original),
    release() {
      released = true
      if (stream.write !== guarded) return
      if (own === undefined) Reflect.deleteProperty(stream, 'write')
      else Object.defineProperty(stream, 'write', own)
    },
  }
}

/** A stream of Node calls back and emits errors; others may do neither. */
interface MaybeNodeStream {
  write(text: string, written: (error?: unknown) => void): unknown
  once?(event: 'error', listener: () => void): unknown
  listenerCount?(event: 'error'): number
}

/**
 * Writes as `console` does: that nobody reads any more, or that a terminal is gone, is no failure of the program. The
 * error may come from the call itself or long after it.
 */
export function quietWrite(stream: ProgressStream & MaybeNodeStream, text: string, write = stream.write): void {
  const written = (error?: unknown) => {
    // The stream emits the error after it has called back, and once for all the writes that were under way.
    if (error && stream.listenerCount?.('error') === 0) stream.once?.('error', () => {})
  }
  try {
    Reflect.apply(write, stream, [text, written])
  } catch {
    // Nobody can be shown anything.
  }
}
