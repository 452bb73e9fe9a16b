import { afterTurn } from '../base/platform.ts'
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
  write(text: string, written: () => void): unknown
  on?(event: 'error', listener: () => void): unknown
  off?(event: 'error', listener: () => void): unknown
}

const IGNORE = (): void => {}
const underWay = new WeakMap<object, number>()

/**
 * Writes as `console` does: that nobody reads any more, or that a terminal is gone, is no failure of the program. The
 * error may come from the call itself or long after it.
 */
export function quietWrite(
  stream: ProgressStream,
  text: string,
  write: MaybeNodeStream['write'] = (stream as MaybeNodeStream).write,
): void {
  count(stream as MaybeNodeStream, 1)
  // The stream emits its error after it has called back.
  const written = () => void afterTurn(() => count(stream as MaybeNodeStream, -1))
  try {
    Reflect.apply(write, stream, [text, written])
  } catch {
    written()
  }
}

/** One listener however many writes are under way: a slow reader makes for no warning about a leak. */
function count(stream: MaybeNodeStream, change: 1 | -1): void {
  const before = underWay.get(stream) ?? 0
  underWay.set(stream, before + change)
  if (before === 0) stream.on?.('error', IGNORE)
  else if (before + change === 0) stream.off?.('error', IGNORE)
}
