import { Pace } from './pace.ts'
import { quietWrite } from './quiet-write.ts'
import { Run } from './run.ts'
import { type CliProgress, Screen } from './screen.ts'
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
  /** What draws a bar, where there is to be one and cli-progress is installed. */
  readonly bars: CliProgress | undefined
  readonly onError: (error: unknown) => void
}

/** What shows a run: told that there is something new, and that it has ended. */
interface Shown {
  news(): void
  end(): void
}

/** Shows a run on a stream, as a bar or as lines. */
export class StreamReporter implements ProgressReporter {
  readonly #options: StreamReporterOptions
  #run: Run | undefined
  #shown: Shown | undefined

  constructor(options: StreamReporterOptions) {
    this.#options = options
  }

  start(begun: ProgressRun): void {
    const { label, format, onError } = this.#options
    this.#run = new Run(begun, { label, format, onError })
    this.#shown = this.#show(this.#run)
  }

  update(progress: RunProgress): void {
    this.#run?.update(progress)
    this.#shown?.news()
  }

  stop(outcome: ProgressOutcome): void {
    this.#run?.end(outcome)
    this.#shown?.end()
    this.#run = this.#shown = undefined
  }

  #show(run: Run): Shown {
    const { stream, bars, interval = bars === undefined ? LINE_INTERVAL : BAR_INTERVAL, clear = false } = this.#options
    if (bars === undefined) return new PlainLines(run, stream, interval)
    const screen = Screen.of(stream, bars, interval)
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
