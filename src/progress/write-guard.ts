import { quietWrite } from './quiet-write.ts'
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
