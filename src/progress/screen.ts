import { WriteStream } from 'node:tty'
import { BarRows } from './bar-rows.ts'
import type { CliProgress } from './load-bars.ts'
import { Pace } from './pace.ts'
import type { Run } from './run.ts'
import { leavesLineOpen } from './text.ts'
import type { ProgressStream } from './types.ts'
import { WriteGuard } from './write-guard.ts'

const WRAP_OFF = '\x1b[?7l'
const WRAP_ON = '\x1b[?7h'
const ERASE_REST = '\x1b[K'
const ERASE_BELOW = '\x1b[J'

const screens = new Set<Screen>()

/**
 * The bars at the bottom of one terminal, and what the program prints above them.
 *
 * Nothing needs restoring when the process ends in the middle, in whatever way (cli-progress #93): the cursor is never
 * hidden and rests at the start of the line below the bars, and lines wrap again by the end of the very write that draws
 * them.
 */
export class Screen {
  readonly #stream: ProgressStream
  readonly #rows: BarRows
  readonly #pace: Pace
  readonly #guards: readonly WriteGuard[]
  #latest: readonly string[] = []
  /** Rows on the screen that are ours. */
  #drawn = 0
  /** The program has begun a line and not ended it, a question perhaps: there is no room for bars until it has. */
  #lineOpen = false
  #redrawing = false

  /** The screen of the terminal that a stream leads to: one for all bars on it. `interval` is that of the first bar. */
  static of(stream: ProgressStream, cliProgress: CliProgress, interval: number): Screen {
    for (const screen of screens) {
      if (screen.#guards.some(guard => guard.stream === stream)) return screen
    }
    return new Screen(stream, cliProgress, interval)
  }

  private constructor(stream: ProgressStream, cliProgress: CliProgress, interval: number) {
    this.#stream = stream
    this.#rows = new BarRows(cliProgress)
    this.#pace = new Pace(interval, () => this.#draw())
    const observer = { before: () => this.#erase(), after: (chunk: unknown) => this.#printed(chunk) }
    this.#guards = sharingTerminal(stream).map(shared => new WriteGuard(shared, observer))
    screens.add(this)
  }

  /** Draws one more bar, below the others. */
  add(run: Run): void {
    this.#rows.add(run)
    this.#draw()
  }

  /** A bar has something new to show. */
  news(): void {
    this.#pace.news()
  }

  /** Shows the last state of a bar and takes it away; unless `clear` is set, its row stays behind, above the others. */
  remove(run: Run, clear: boolean): void {
    if (clear) this.#draw()
    this.#erase()
    const last = this.#rows.remove(run, this.#columns)
    if (!clear) {
      this.#write(`${this.#lineOpen ? '\n' : ''}${WRAP_OFF}${last}\n${WRAP_ON}`)
      this.#lineOpen = false
    }
    if (this.#rows.count > 0) return this.#draw()
    this.#pace.stop()
    for (const guard of this.#guards) guard.release()
    screens.delete(this)
  }

  get #columns(): number {
    return this.#stream.columns || 80
  }

  /** Draws the bars as they are now. */
  #draw(): void {
    this.#latest = this.#fitting(this.#rows.draw(this.#columns))
    this.#place()
  }

  /** Puts the bars where they belong, the last drawing of them: wording them anew for each line would be dear. */
  #place(): void {
    if (this.#lineOpen || this.#rows.count === 0) return
    const rows = this.#latest
    const start = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : ''
    const rest = rows.length < this.#drawn ? ERASE_BELOW : ''
    this.#write(`${WRAP_OFF}${start}${rows.join('\n')}\n${rest}${WRAP_ON}`)
    this.#drawn = rows.length
  }

  /** What has scrolled out of a terminal can't be drawn over. */
  #fitting(rows: readonly string[]): readonly string[] {
    const most = Math.max(1, (this.#stream.rows || 24) - 1)
    if (rows.length <= most) return rows
    const shown = rows.slice(0, most - 1)
    return [...shown, `\r… and ${rows.length - shown.length} more${ERASE_REST}`]
  }

  #erase(): void {
    if (this.#drawn === 0) return
    this.#write(`\r${'\x1b[1A\x1b[2K'.repeat(this.#drawn)}`)
    this.#drawn = 0
  }

  /** Draws again when the program has come to a rest: once for many lines in a row. */
  #printed(chunk: unknown): void {
    this.#lineOpen = leavesLineOpen(chunk, this.#lineOpen)
    if (this.#redrawing) return
    this.#redrawing = true
    queueMicrotask(() => {
      this.#redrawing = false
      this.#place()
    })
  }

  #write(text: string): void {
    this.#guards[0]?.write(text)
  }
}

/** The streams that print to the same terminal, the given one first: stdout and stderr, unless it is none of this process. */
function sharingTerminal(stream: ProgressStream): object[] {
  const standard = stream instanceof WriteStream ? [process.stdout, process.stderr].filter(each => each.isTTY) : []
  return [...new Set<object>([stream, ...standard])]
}
