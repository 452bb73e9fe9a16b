import { preciseNow } from '../base/clock.ts'
import { oneLine } from './text.ts'
import type { ProgressOptions, ProgressOutcome, RunProgress } from './types.ts'

/** One run as far as it was told. Taking an update is cheap, wording it is not. */
export interface Run {
  readonly label: string
  readonly total: number | undefined
  /** By `preciseNow`. */
  readonly startedAt: number
  latest: RunProgress
  outcome?: ProgressOutcome
  /** Given up once it has thrown, which `onError` is told. */
  format: ProgressOptions['format'] | undefined
  readonly onError: (error: unknown) => void
}

/** What there is to say of a run, its label apart. */
export interface Words {
  /** How much of the whole is done, from 0 to 1; `undefined` when the whole is not known. */
  readonly fraction: number | undefined
  /** The same in percent; 100 is said only of what is complete. */
  readonly percent: number | undefined
  /** The numbers alone: `12/34`, or what `format` makes of them. */
  readonly counts: string
  /** What goes beside a bar, which says the percentage itself: `12/34, 3.4/s, 7 s left, message, 3 failed`. */
  readonly besideBar: string
  /** The same with the percentage: `12/34 (35 %), 3.4/s, 7 s left, message, 3 failed`. */
  readonly line: string
}

/** Words a run as it is now. */
export function wordsOf(run: Run): Words {
  const progress = progressOf(run)
  const { completed, failed = 0, total, message = '' } = progress
  const complete = run.outcome !== undefined && !run.outcome.cancelled
  const fraction = total === 0 ? Number(complete) : total && completed / total
  // Multiplying may come out a little below the number that is meant: 0.29 * 100 is 28.999999999999996.
  const percent = fraction === 1 ? 100 : fraction && Math.min(Math.floor(fraction * 100 + 1e-9), 99)
  const formatted = formattedBy(run, progress)
  const counts = formatted ?? amount(completed) + (total === undefined ? '' : `/${amount(total)}`)
  const share = formatted !== undefined || percent === undefined ? '' : ` (${percent} %)`
  const details = formatted === undefined ? [...speed(run, progress), oneLine(message)] : []
  if (formatted === undefined && failed > 0) details.push(`${failed} failed`)
  if (run.outcome?.cancelled) details.push('cancelled')
  const list = (first: string) => [first, ...details].filter(part => part !== '').join(', ')
  return { fraction, percent, counts, besideBar: list(counts), line: list(counts + share) }
}

function progressOf(run: Run): RunProgress {
  const { message, ...latest } = run.latest
  const { completed, failed = 0 } = run.outcome ?? latest
  const total = latest.total ?? run.total
  return {
    completed,
    failed,
    // A count that runs ahead may fall behind what it counts.
    ...(total !== undefined && Number.isFinite(total) && { total: Math.max(total, completed) }),
    ...(message !== undefined && { message }),
  }
}

function formattedBy(run: Run, progress: RunProgress): string | undefined {
  try {
    return run.format && oneLine(String(run.format(progress)))
  } catch (error) {
    run.format = undefined
    run.onError(error)
    return undefined
  }
}

/** How fast it goes and how long it will take, once there is something to tell it from, until it has ended. */
function speed({ startedAt, outcome }: Run, { completed, total }: RunProgress): string[] {
  const seconds = (preciseNow() - startedAt) / 1_000
  const known = completed > 0 && (total === undefined ? seconds > 0 : seconds >= 1 && outcome === undefined)
  if (!known) return []
  const perSecond = completed / seconds
  const rate = `${perSecond >= 10 ? Math.round(perSecond) : perSecond.toFixed(1)}/s`
  if (total === undefined) return [rate]
  const left = completed < total ? [`${span((total - completed) / perSecond)} left`] : []
  // A fraction of one whole has no number per second.
  return total > 1 ? [rate, ...left] : left
}

/** Whole numbers as they are, others with two digits at most. */
function amount(value: number): string {
  return String(Math.round(value * 100) / 100)
}

/** A stretch of time as one speaks of it. */
function span(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`
  return seconds < 6_000 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`
}
