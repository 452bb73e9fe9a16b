import type { Output, Progress } from './progress.ts'
import type { Tally } from './tally.ts'
import { plural, size, speed } from './text.ts'

const INTERVAL = 2_000

/** A line every two seconds, and one at the end: what a log can hold. */
export class PlainProgress implements Progress {
  readonly #tally: Tally
  readonly #stdout: Output
  readonly #stderr: Output
  readonly #timer: NodeJS.Timeout

  constructor(tally: Tally, stdout: Output, stderr: Output) {
    this.#tally = tally
    this.#stdout = stdout
    this.#stderr = stderr
    this.#timer = setInterval(() => this.#report(), INTERVAL)
  }

  print(line: Buffer): boolean {
    return this.#stdout.write(line)
  }

  note(message: string): void {
    this.#stderr.write(`${message}\n`)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#report()
  }

  #report(): void {
    const { ended, total, countComplete, bytesRead, elapsed } = this.#tally
    const files = `${ended}/${plural(total, 'file')}${countComplete ? '' : ' found so far'}`
    this.note(`progress: ${files}, ${size(bytesRead)}, ${speed(bytesRead, elapsed)}`)
  }
}
