import type { ProgressStream } from './types.ts'

/** What is done around each write of the program. */
export interface WriteObserver {
  before(): void
  after(chunk: unknown): void
}

/**
 * Stands in front of the `write` of a stream, so that whatever the program prints can be made room for. Undone by
 * `release`, also when something else has put itself in front meanwhile: then it stays where it is, without effect.
 */
export class WriteGuard {
  readonly stream: ProgressStream
  readonly #own: PropertyDescriptor | undefined
  readonly #original: ProgressStream['write']
  readonly #guarded: ProgressStream['write']
  #released = false

  constructor(stream: ProgressStream, observer: WriteObserver) {
    const original = stream.write
    this.stream = stream
    this.#own = Object.getOwnPropertyDescriptor(stream, 'write')
    this.#original = original
    this.#guarded = (...args) => {
      if (this.#released) return Reflect.apply(original, stream, args)
      observer.before()
      try {
        return Reflect.apply(original, stream, args)
      } finally {
        observer.after(args[0])
      }
    }
    stream.write = this.#guarded
  }

  /** Writes past the guard. */
  write(text: string): void {
    quietWrite(this.stream, text, this.#original)
  }

  release(): void {
    this.#released = true
    if (this.stream.write !== this.#guarded) return
    if (this.#own === undefined) delete (this.stream as Partial<ProgressStream>).write
    else Object.defineProperty(this.stream, 'write', this.#own)
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
