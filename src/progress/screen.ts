import { attempt } from '../base/attempt.ts'
import { Pace } from './pace.ts'
import type { Run } from './run.ts'
import { fitted, leavesLineOpen, width } from './text.ts'
import type { ProgressStream } from './types.ts'
import { WriteGuard } from './write-guard.ts'

/** The terminal cuts off what has become too long since it told its width. */
const WRAP_OFF = '\x1b[?7l'
const WRAP_ON = '\x1b[?7h'
const ERASE_BELOW = '\x1b[J'

const BAR = 24
/** Below this a bar says nothing that the percentage does not. */
const SHORTEST_BAR = 5

const screens = new Set<Screen>()

/**
 * The bars at the bottom of one terminal, and what the program prints above them.
 *
 * Nothing needs restoring when the process ends in the middle, in whatever way: the cursor is never hidden and rests at
 * the start of the line below the bars, and lines wrap again by the end of the very write that draws them.
 */
export class Screen {
  readonly #stream: ProgressStream
  readonly #runs = new Set<Run>()
  readonly #pace: Pace
  readonly #guards: readonly WriteGuard[]
  #rows: readonly string[] = []
  /** How many of the rows stand on the terminal. */
  #drawn = 0
  /** The program has begun a line and not ended it, a question perhaps: there is no room for bars until it has. */
  #lineOpen = false
  #redrawing = false

  /** The screen of the terminal that a stream leads to: one for all bars on it. `interval` is that of the first bar. */
  static of(stream: ProgressStream, interval: number): Screen {
    for (const screen of screens) {
      if (screen.#guards.some(guard => guard.stream === stream)) return screen
    }
    return new Screen(stream, interval)
  }

  private constructor(stream: ProgressStream, interval: number) {
    this.#stream = stream
    this.#pace = new Pace(interval, () => this.#draw())
    const observer = { before: () => this.#erase(), after: (chunk: unknown) => this.#printed(chunk) }
    this.#guards = sharingTerminal(stream).map(shared => new WriteGuard(shared, observer))
    screens.add(this)
  }

  /** Draws one more bar, below the others. At its end its row moves above them and stays, unless `clear` is set. */
  add(run: Run, clear: boolean): { news(): void; end(): void } {
    this.#runs.add(run)
    this.#draw()
    return { news: () => this.#pace.news(), end: () => this.#remove(run, clear) }
  }

  #remove(run: Run, clear: boolean): void {
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

  /** A run as it is now, less wide than the terminal. */
  #row(run: Run): string {
    const { percent, fraction = 0 } = run
    const room = (this.#stream.columns || 80) - 1
    const label = fitted(run.label, Math.floor(room / 3))
    const start = label === '' ? '' : `${label} `
    if (percent === undefined) return fitted(start + run.besideBar, room)
    const done = `${String(percent).padStart(3)}% `
    const size = Math.min(BAR, room - width(`${start}[] ${done}${run.counts}`))
    const full = Math.round(fraction * size)
    const bar = size < SHORTEST_BAR ? '' : `[${'='.repeat(full)}${'-'.repeat(size - full)}] `
    return fitted(start + bar + done + run.besideBar, room)
  }

  /** Draws the bars as they are now, as many as have room: what has scrolled out of a terminal can't be drawn over. */
  #draw(): void {
    const most = Math.max(1, (this.#stream.rows || 24) - 1)
    const rows = Array.from(this.#runs, run => this.#row(run))
    this.#rows = rows.length <= most ? rows : [...rows.slice(0, most - 1), `… and ${rows.length - most + 1} more`]
    this.#place()
  }

  /** Puts the rows where they belong, in one write so that nothing flickers. */
  #place(): void {
    if (this.#lineOpen || this.#runs.size === 0) return
    this.#write(`${this.#start}${WRAP_OFF}${this.#rows.map(row => `${row}\n`).join('')}${WRAP_ON}`)
    this.#drawn = this.#rows.length
  }

  /** Clears the terminal from the first row on. */
  get #start(): string {
    return this.#drawn > 0 ? `\r\x1b[${this.#drawn}A${ERASE_BELOW}` : ''
  }

  #erase(): void {
    if (this.#drawn > 0) this.#write(this.#start)
    this.#drawn = 0
  }

  /** Draws again when the program has come to a rest: once for many lines in a row, and as last worded. */
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
function sharingTerminal(stream: ProgressStream): ProgressStream[] {
  const ownTerminal = attempt(() => stream instanceof process.getBuiltinModule('node:tty').WriteStream)
  const standard = ownTerminal ? [process.stdout, process.stderr].filter(each => each.isTTY) : []
  return [...new Set([stream, ...standard])]
}
