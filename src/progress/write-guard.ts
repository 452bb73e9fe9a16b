import { quietWrite } from './quiet-write.ts'

/** What is done around each write of the program. */
export interface WriteObserver {
  before(): void
  after(chunk: unknown): void
}

interface Guarded {
  write(...args: unknown[]): unknown
}

/**
 * Stands in front of the `write` of a stream, so that whatever the program prints can be made room for. Undone by
 * `release`, also when something else has put itself in front meanwhile: then it stays where it is, without effect.
 */
export class WriteGuard {
  readonly stream: object
  readonly #own: PropertyDescriptor | undefined
  readonly #original: Guarded['write']
  readonly #guarded: Guarded['write']
  #released = false

  constructor(stream: object, observer: WriteObserver) {
    const target = stream as Guarded
    const original = target.write
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
    target.write = this.#guarded
  }

  /** Writes past the guard. */
  write(text: string): void {
    quietWrite(this.stream, (...args) => Reflect.apply(this.#original, this.stream, args), text)
  }

  release(): void {
    this.#released = true
    const target = this.stream as Partial<Guarded>
    if (target.write !== this.#guarded) return
    if (this.#own === undefined) delete target.write
    else Object.defineProperty(target, 'write', this.#own)
  }
}
