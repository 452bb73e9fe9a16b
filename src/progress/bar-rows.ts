import type { Options, Params, SingleBar } from 'cli-progress'
import type { CliProgress } from './load-bars.ts'
import type { Run } from './run.ts'
import { fitted, width } from './text.ts'

const BAR = 24
/** Below this a bar says nothing that the percentage does not. */
const SHORTEST_BAR = 5

/** The drawn bars of several runs, one row each, made by cli-progress: it draws when it is told to, and into a string. */
export class BarRows {
  readonly #cliProgress: CliProgress
  readonly #multi: InstanceType<CliProgress['MultiBar']>
  readonly #bars = new Map<Run, SingleBar>()
  #columns = 80
  #drawn = ''

  constructor(cliProgress: CliProgress) {
    this.#cliProgress = cliProgress
    const canvas = {
      isTTY: true,
      // Rows are fitted by their width on the screen, which cli-progress does not measure.
      columns: Number.MAX_SAFE_INTEGER,
      write: (text: string) => {
        this.#drawn += text
        return true
      },
    }
    this.#multi = new cliProgress.MultiBar({
      stream: canvas as unknown as NodeJS.WritableStream,
      format: this.#row,
      barsize: BAR,
      linewrap: null,
      clearOnComplete: true,
      forceRedraw: true,
      emptyOnZero: true,
    })
  }

  get count(): number {
    return this.#bars.size
  }

  add(run: Run): void {
    this.#bars.set(run, this.#multi.create(1, 0, { run }))
    this.#disarm()
  }

  /** Takes one out, and returns its last row. */
  remove(run: Run, columns: number): string {
    const row = this.draw(columns)[[...this.#bars.keys()].indexOf(run)]
    const bar = this.#bars.get(run)
    if (bar === undefined || row === undefined) return ''
    this.#bars.delete(run)
    this.#multi.remove(bar)
    this.#disarm()
    return row
  }

  /** All bars as they are now, each of them less than `columns` wide. */
  draw(columns: number): string[] {
    for (const [run, bar] of this.#bars) bar.update(run.fraction ?? 0)
    this.#columns = columns
    this.#drawn = ''
    this.#multi.update()
    const rows = this.#drawn.split('\n')
    this.#disarm()
    return rows
  }

  /** cli-progress sets a timer with everything it does, which would draw by itself and keep the process alive. */
  #disarm(): void {
    this.#multi.stop()
  }

  readonly #row = (options: Options, { progress }: Params, { run }: { run: Run }): string => {
    const room = this.#columns - 1
    const label = fitted(run.label, Math.floor(room / 3))
    const start = label === '' ? '' : `${label} `
    const { percent } = run
    if (percent === undefined) return fitted(start + run.besideBar, room)
    const done = `${String(percent).padStart(3)}% `
    const barsize = Math.min(BAR, room - width(`${start}[] ${done}${run.counts}`))
    const bar =
      barsize < SHORTEST_BAR ? '' : `[${this.#cliProgress.Format.BarFormat(progress, { ...options, barsize })}] `
    return fitted(start + bar + done + run.besideBar, room)
  }
}
