import type { TaskProgress } from '../task/types.ts'

/** What is known of a run when it starts. */
export interface ProgressRun {
  /** How many items there are; may still grow by what `update` says. */
  readonly total?: number
  /** What the run is called. */
  readonly label?: string
}

/** How far a run has come: `completed` items have ended, `failed` of them badly. */
export interface RunProgress extends TaskProgress {
  readonly failed?: number
}

/** How a run has ended. */
export interface ProgressOutcome {
  /** Items that have ended, those that failed included. */
  readonly completed: number
  readonly failed: number
  /** It was stopped before its end. */
  readonly cancelled?: boolean
}

/**
 * Shows how far one run of many items is. Implement it to show progress in a way of your own.
 *
 * `start` comes first and `stop` last, once each; `update` comes after every item, so it should be cheap. An
 * implementation that throws changes no outcome: its error is reported, and it is left alone from then on, apart from
 * `stop`.
 */
export interface ProgressReporter {
  start(run: ProgressRun): void
  update(progress: RunProgress): void
  stop(outcome: ProgressOutcome): void
}

/** Where progress is written: a stream of this process, or anything of that shape. */
export interface ProgressStream {
  write(text: string): unknown
  /** Whether it is a terminal, where a bar can be drawn. */
  readonly isTTY?: boolean | undefined
  /** The width of the terminal; nothing or 0 when it is not known: then 80. */
  readonly columns?: number | undefined
  /** The height of the terminal; nothing or 0 when it is not known: then 24. */
  readonly rows?: number | undefined
}

/** How progress is shown. */
export interface ProgressOptions {
  /** What the run is called. @default the name of the run, if it has one */
  readonly label?: string
  /** Where it is shown. @default process.stderr */
  readonly stream?: ProgressStream
  /** The fewest milliseconds between two drawings of a bar, or two lines. @default 100 for a bar, 2_000 for lines */
  readonly interval?: number
  /** Whether a bar disappears at the end; otherwise its last state stays, as a line. Lines are never taken back. @default false */
  readonly clear?: boolean
  /**
   * Says how far the run is, in place of `12/34, 3.4/s, 7 s left, message, 3 failed`. Called for each drawing, with the latest update.
   * One that throws is reported, and not called again.
   */
  readonly format?: (progress: RunProgress) => string
}

/** What `progress` can be: `true` or options for a bar or lines, a function told after each item, a reporter of your own. */
export type Progress = boolean | ProgressOptions | ProgressReporter | ((progress: RunProgress) => void)
