import { SingleBar } from 'cli-progress'
import type { Output, Progress } from './progress.ts'
import type { Tally } from './tally.ts'
import { size, speed } from './text.ts'

const INTERVAL = 100

/** A bar on stderr. Results that go to the same terminal are collected and written above it, ten times a second. */
export class TerminalProgress implements Progress {
  readonly #tally: Tally
  readonly #stdout: Output
  readonly #stderr: Output
  readonly #bar: SingleBar
  readonly #timer: NodeJS.Timeout
  #lines: Buffer[] = []

  constructor(tally: Tally, stdout: Output, stderr: Output) {
    this.#tally = tally
    this.#stdout = stdout
    this.#stderr = stderr
    this.#bar = new SingleBar({
      stream: stderr,
      format: '[{bar}] {percentage}% {files} files, {size}, {speed}',
      barsize: 24,
      emptyOnZero: true,
      clearOnComplete: true,
    })
    this.#start()
    this.#timer = setInterval(() => this.#refresh(), INTERVAL)
    process.on('exit', this.#clear)
  }

  print(line: Buffer): boolean {
    if (!this.#stdout.isTTY) return this.#stdout.write(line)
    this.#lines.push(line)
    return true
  }

  note(message: string): void {
    this.#aside(() => this.#stderr.write(`${message}\n`))
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#refresh()
    this.#clear()
    process.off('exit', this.#clear)
  }

  /** Gives the terminal back as it was; also when the process exits in the middle. */
  readonly #clear = (): void => {
    this.#bar.stop()
  }

  /** The bar remembers where on the screen it started, so nothing may be written while it is there. */
  #aside(write: () => void): void {
    this.#clear()
    write()
    this.#start()
  }

  #start(): void {
    this.#bar.start(this.#tally.total, this.#tally.ended, this.#payload())
  }

  #refresh(): void {
    if (this.#lines.length > 0) {
      const lines = Buffer.concat(this.#lines)
      this.#lines = []
      this.#aside(() => this.#stdout.write(lines))
      return
    }
    this.#bar.setTotal(this.#tally.total)
    this.#bar.update(this.#tally.ended, this.#payload())
  }

  #payload(): Record<string, string> {
    const { ended, total, countComplete, bytesRead, elapsed } = this.#tally
    return {
      files: `${ended}/${total}${countComplete ? '' : '+'}`,
      size: size(bytesRead),
      speed: speed(bytesRead, elapsed),
    }
  }
}
