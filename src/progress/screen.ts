import { Pace } from './pace.ts'
import type { Run } from './run.ts'
import { fitted, leavesLineOpen, width } from './text.ts'
import type { ProgressStream } from './types.ts'
import { WriteGuard } from './write-guard.ts'

const WRAP_OFF = '\x1b[?7l'
const WRAP_ON = '\x1b[?7h'
const ERASE_REST = '\x1b[K'
const ERASE_BELOW = '\x1b[J'

const BAR = 24
/** Below this a bar says nothing that the percentage does not. */
const SHORTEST_BAR = 5
const STRIPES = { barCompleteString: '='.repeat(BAR), barIncompleteString: '-'.repeat(BAR), barGlue: '' }

/** The part of cli-progress that is used. */
export type CliProgress = Pick<typeof import('cli-progress').Format, 'BarFormat'>

const screens = new Set<Screen>()

/**
 * The bars at the bottom of one terminal, and what the program prints above them.
 *
 * Of cli-progress it has the bar alone. The rest of that, several bars included, takes a character for a column, draws over
 * what the program prints, and keeps the process alive by its timer.
 *
 * Nothing needs restoring when the process ends in the middle, in whatever way (cli-progress #93): the cursor is never
 * hidden and rests at the start of the line below the bars, and lines wrap again by the end of the very write that draws
 * them.
 */
export class Screen {
  readonly #stream: ProgressStream
  readonly #cliProgress: CliProgress
  readonly #runs = new Set<Run>()
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
    this.#cliProgress = cliProgress
    this.#pace = new Pace(interval, () => this.#draw())
    const observer = { before: () => this.#erase(), after: (chunk: unknown) => this.#printed(chunk) }
    this.#guards = sharingTerminal(stream).map(shared => new WriteGuard(shared, observer))
    screens.add(this)
  }

  /** Draws one more bar, below the others. */
  add(run: Run): void {
    this.#runs.add(run)
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
    this.#runs.delete(run)
    if (!clear) {
      this.#write(`${this.#lineOpen ? '\n' : ''}${WRAP_OFF}${this.#row(run)}\n${WRAP_ON}`)
      this.#lineOpen = false
    }
    if (this.#runs.size > 0) return this.#draw()
    this.#pace.stop()
    for (const guard of this.#guards) guard.release()
    screens.delete(this)
  }

  get #columns(): number {
    return this.#stream.columns || 80
  }

  /** A run as it is now, less wide than the terminal. */
  #row(run: Run): string {
    const { percent, fraction = 0 } = run
    const room = this.#columns - 1
    const label = fitted(run.label, Math.floor(room / 3))
    const start = label === '' ? '' : `${label} `
    if (percent === undefined) return fitted(start + run.besideBar, room)
    const done = `${String(percent).padStart(3)}% `
    const barsize = Math.min(BAR, room - width(`${start}[] ${done}${run.counts}`))
    const bar = barsize < SHORTEST_BAR ? '' : `[${this.#cliProgress.BarFormat(fraction, { ...STRIPES, barsize })}] `
    return fitted(start + bar + done + run.besideBar, room)
  }

  /** Draws the bars as they are now. */
  #draw(): void {
    this.#latest = this.#fitting([...this.#runs].map(run => this.#row(run)))
    this.#place()
  }

  /** Puts the bars where they belong, the last drawing of them: wording them anew for each line would be dear. */
  #place(): void {
    if (this.#lineOpen || this.#runs.size === 0) return
    const rows = this.#latest
    const start = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : ''
    const rest = rows.length < this.#drawn ? ERASE_BELOW : ''
    this.#write(`${WRAP_OFF}${start}${rows.map(row => `\r${row}${ERASE_REST}`).join('\n')}\n${rest}${WRAP_ON}`)
    this.#drawn = rows.length
  }

  /** What has scrolled out of a terminal can't be drawn over. */
  #fitting(rows: readonly string[]): readonly string[] {
    const most = Math.max(1, (this.#stream.rows || 24) - 1)
    if (rows.length <= most) return rows
    const shown = rows.slice(0, most - 1)
    return [...shown, `… and ${rows.length - shown.length} more`]
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

function isTerminal(stream: ProgressStream): boolean {
  const { WriteStream } = process.getBuiltinModule('node:tty')
  return stream instanceof WriteStream
}

/** The streams that print to the same terminal, the given one first: stdout and stderr, unless it is none of this process. */
function sharingTerminal(stream: ProgressStream): object[] {
  const standard = isTerminal(stream) ? [process.stdout, process.stderr].filter(each => each.isTTY) : []
  return [...new Set<object>([stream, ...standard])]
}
