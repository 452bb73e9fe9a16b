import { attempt } from '../base/attempt.ts'
import { type Pace, pace } from './pace.ts'
import { type Run, wordsOf } from './run.ts'
import { fitted, leavesLineOpen, width } from './text.ts'
import type { ProgressStream } from './types.ts'
import { guardWrites, type WriteGuard } from './write-guard.ts'

/** The terminal cuts off what has become too long since it told its width. */
const WRAP_OFF = '\x1b[?7l'
const WRAP_ON = '\x1b[?7h'
const ERASE_BELOW = '\x1b[J'

const BAR = 24
/** Below this a bar says nothing that the percentage does not. */
const SHORTEST_BAR = 5

/** What shows a run: told that there is something new, and that it has ended. */
export interface Shown {
  news(): void
  end(): void
}

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
  readonly #guards: ReadonlyMap<ProgressStream, WriteGuard>
  #rows: readonly string[] = []
  /** How many of the rows stand on the terminal. */
  #drawn = 0
  /** The program has begun a line and not ended it, a question perhaps: there is no room for bars until it has. */
  #lineOpen = false
  #redrawing = false

  /** The screen of the terminal that a stream leads to: one for all bars on it. `interval` is that of the first bar. */
  static of(stream: ProgressStream, interval: number): Screen {
    return Array.from(screens).find(screen => screen.#guards.has(stream)) ?? new Screen(stream, interval)
  }

  private constructor(stream: ProgressStream, interval: number) {
    this.#stream = stream
    this.#pace = pace(interval, () => this.#draw())
    const observer = { before: () => this.#replace([]), after: (chunk: unknown) => this.#printed(chunk) }
    this.#guards = new Map(sharingTerminal(stream).map(shared => [shared, guardWrites(shared, observer)]))
    screens.add(this)
  }

  /** Draws one more bar, below the others. At its end its row moves above them and stays, unless `clear` is set. */
  add(run: Run, clear: boolean): Shown {
    this.#runs.add(run)
    this.#draw()
    return { news: this.#pace.news, end: () => this.#remove(run, clear) }
  }

  #remove(run: Run, clear: boolean): void {
    if (clear) {
      this.#draw()
      this.#replace([])
    } else {
      this.#replace(this.#lineOpen ? ['', this.#row(run)] : [this.#row(run)])
      this.#drawn = 0
      this.#lineOpen = false
    }
    this.#runs.delete(run)
    if (this.#runs.size > 0) return this.#draw()
    this.#pace.stop()
    for (const guard of this.#guards.values()) guard.release()
    screens.delete(this)
  }

  /** Draws the bars as they are now, as many as have room: what has scrolled out of a terminal can't be drawn over. */
  #draw(): void {
    const most = Math.max(1, (this.#stream.rows || 24) - 1)
    const rows = Array.from(this.#runs, run => this.#row(run))
    this.#rows = rows.length <= most ? rows : [...rows.slice(0, most - 1), `… and ${rows.length - most + 1} more`]
    this.#place()
  }

  #place(): void {
    if (!this.#lineOpen && this.#runs.size > 0) this.#replace(this.#rows)
  }

  /** A run as it is now, less wide than the terminal. */
  #row(run: Run): string {
    const { percent, fraction = 0, counts, besideBar } = wordsOf(run)
    const room = (this.#stream.columns || 80) - 1
    const label = fitted(run.label, Math.floor(room / 3))
    const start = label === '' ? '' : `${label} `
    if (percent === undefined) return fitted(start + besideBar, room)
    const done = `${String(percent).padStart(3)}% `
    const size = Math.min(BAR, room - width(`${start}[] ${done}${counts}`))
    const full = Math.round(fraction * size)
    const bar = size < SHORTEST_BAR ? '' : `[${'='.repeat(full)}${'-'.repeat(size - full)}] `
    return fitted(start + bar + done + besideBar, room)
  }

  /** Puts rows in the place of those that are drawn, in one write so that nothing flickers. */
  #replace(rows: readonly string[]): void {
    const erase = this.#drawn > 0 ? `\r\x1b[${this.#drawn}A${ERASE_BELOW}` : ''
    const draw = rows.length > 0 ? `${WRAP_OFF}${rows.join('\n')}\n${WRAP_ON}` : ''
    if (erase + draw !== '') this.#guards.get(this.#stream)?.write(erase + draw)
    this.#drawn = rows.length
  }

  /** When the program has come to a rest, once for many lines in a row; as last worded, since `format` may print as well. */
  #printed(chunk: unknown): void {
    this.#lineOpen = leavesLineOpen(chunk, this.#lineOpen)
    if (this.#redrawing) return
    this.#redrawing = true
    queueMicrotask(() => {
      this.#redrawing = false
      this.#place()
    })
  }
}

/** The streams that print to the same terminal, the given one first: stdout and stderr, unless it is none of this process. */
function sharingTerminal(stream: ProgressStream): ProgressStream[] {
  const ownTerminal = attempt(() => stream instanceof process.getBuiltinModule('node:tty').WriteStream)
  const standard = ownTerminal ? [process.stdout, process.stderr].filter(each => each.isTTY) : []
  return [...new Set([stream, ...standard])]
}
