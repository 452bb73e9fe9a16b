import { type CliProgress, loadBars, loadedBars } from './load-bars.ts'
import { Pace } from './pace.ts'
import { quietWrite } from './quiet-write.ts'
import { Run } from './run.ts'
import { Screen } from './screen.ts'
import type {
  ProgressOptions,
  ProgressOutcome,
  ProgressReporter,
  ProgressRun,
  ProgressStream,
  RunProgress,
} from './types.ts'

const BAR_INTERVAL = 100
const LINE_INTERVAL = 2_000

/** The options of a {@link StreamReporter}, checked. */
export interface StreamReporterOptions extends ProgressOptions {
  readonly stream: ProgressStream
  /** Draws a bar if cli-progress is installed. */
  readonly bar: boolean
  readonly onError: (error: unknown) => void
}

/** What shows a run: told that there is something new, and that it has ended. */
interface Shown {
  news(): void
  end(): void
}

/** Shows a run on a stream, as a bar or as lines. What happens before cli-progress has been loaded is not lost. */
export class StreamReporter implements ProgressReporter {
  readonly #options: StreamReporterOptions
  #run: Run | undefined
  #shown: Shown | undefined

  constructor(options: StreamReporterOptions) {
    this.#options = options
  }

  start(begun: ProgressRun): void {
    const { label, format, onError, bar } = this.#options
    const run = new Run(begun, { label, format, onError })
    this.#run = run
    const loaded = loadedBars()
    if (!bar) this.#shown = this.#lines(run)
    else if (loaded !== undefined) this.#shown = this.#bar(run, loaded)
    else void loadBars().then(cliProgress => this.#showLate(run, cliProgress))
  }

  update(progress: RunProgress): void {
    this.#run?.update(progress)
    this.#shown?.news()
  }

  stop(outcome: ProgressOutcome): void {
    const run = this.#run
    if (run === undefined) return
    const shown = this.#shown
    this.#run = undefined
    this.#shown = undefined
    run.end(outcome)
    if (shown !== undefined) shown.end()
    else if (!this.#options.clear) this.#lines(run).end()
  }

  /** Unless the run has ended meanwhile. */
  #showLate(run: Run, cliProgress: CliProgress | undefined): void {
    if (this.#run !== run) return
    this.#shown = cliProgress === undefined ? this.#lines(run) : this.#bar(run, cliProgress)
  }

  #lines(run: Run): Shown {
    const { stream, interval = LINE_INTERVAL } = this.#options
    return new PlainLines(run, stream, interval)
  }

  #bar(run: Run, cliProgress: CliProgress): Shown {
    const { stream, interval = BAR_INTERVAL, clear = false } = this.#options
    const screen = Screen.of(stream, cliProgress, interval)
    screen.add(run)
    return { news: () => screen.news(), end: () => screen.remove(run, clear) }
  }
}

/** One run as lines, for pipes and files: one whenever there is something new, but not more often than `interval`. */
class PlainLines implements Shown {
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
