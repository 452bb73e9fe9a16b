import { Pace } from './pace.ts'
import { quietWrite } from './quiet-write.ts'
import type { Run } from './run.ts'
import type { ProgressStream } from './types.ts'

/** One run as lines, for pipes and files: one whenever there is something new, but not more often than `interval`. */
export class PlainLines {
  readonly #run: Run
  readonly #stream: ProgressStream
  readonly #pace: Pace
  #last: string | undefined

  constructor(run: Run, stream: ProgressStream, interval: number) {
    this.#run = run
    this.#stream = stream
    this.#pace = new Pace(interval, () => this.#print())
  }

  news(): void {
    this.#pace.news()
  }

  end(): void {
    this.#pace.stop()
    this.#print()
  }

  #print(): void {
    const line = `${this.#run.label || 'progress'}: ${this.#run.line}\n`
    if (line === this.#last) return
    this.#last = line
    quietWrite(this.#stream, (...args) => (this.#stream as Writable).write(...args), line)
  }
}

interface Writable {
  write(text: string, written: () => void): unknown
}
