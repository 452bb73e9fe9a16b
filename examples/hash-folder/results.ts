import { once } from 'node:events'
import { reason } from './text.ts'

/** Results on their way to the reader of stdout: at the reader's pace, for as long as there is a reader. */
export class Results {
  readonly #stdout: NodeJS.WriteStream
  readonly #program: string
  readonly #abandoned = new AbortController()
  #interrupted = false

  /** `program` is whose results they are, in messages. */
  constructor(stdout: NodeJS.WriteStream, program: string) {
    this.#stdout = stdout
    this.#program = program
    stdout.on('error', error => this.#lost(error))
  }

  /** Whether nobody takes results any more: what is still queued would keep the process alive. */
  get abandoned(): boolean {
    return this.#abandoned.signal.aborted
  }

  /** Writes a line, and waits until there is room for more. */
  async send(line: Buffer): Promise<void> {
    const { signal } = this.#abandoned
    if (signal.aborted || this.#stdout.write(line)) return
    await once(this.#stdout, 'drain', { signal }).catch(() => {})
  }

  /** Resolves when everything has been written, or when nobody takes it any more. */
  async flushed(): Promise<void> {
    await new Promise<void>(resolve => {
      this.#stdout.write('', () => resolve())
      this.#abandoned.signal.addEventListener('abort', () => resolve())
      if (this.abandoned) resolve()
    })
  }

  /** After Ctrl-C: a reader that stopped reading is waited for no longer than this, in milliseconds. */
  interrupt(patience: number): void {
    this.#interrupted = true
    setTimeout(() => this.#abandoned.abort(), patience).unref()
  }

  /**
   * A reader that has seen enough, such as `head`, is no failure; a full disk is. Either way nobody needs the rest. The
   * reader may also have been hit by the same Ctrl-C: then there is still a summary to write.
   */
  #lost(error: NodeJS.ErrnoException): void {
    if (error.code === 'EPIPE' && this.#interrupted) return this.#abandoned.abort()
    if (error.code === 'EPIPE') process.exit(0)
    process.stderr.write(`${this.#program}: cannot write the results: ${reason(error)}\n`)
    process.exit(1)
  }
}
