import { preciseNow } from '../base/clock.ts'
import { oneLine } from './text.ts'
import type { ProgressOutcome, ProgressRun, RunProgress } from './types.ts'

/** How one run is worded. */
export interface RunOptions {
  readonly label: string | undefined
  readonly format: ((progress: RunProgress) => string) | undefined
  /** Told what `format` threw, once. */
  readonly onError: (error: unknown) => void
}

/** One run, in the words that a bar and lines share. Taking an update is cheap, wording it is not. */
export class Run {
  readonly label: string
  #latest: RunProgress = { completed: 0 }
  readonly #total: number | undefined
  readonly #startedAt = preciseNow()
  readonly #onError: RunOptions['onError']
  #format: RunOptions['format']
  #outcome: ProgressOutcome | undefined

  constructor({ total, label = '' }: ProgressRun, options: RunOptions) {
    this.label = oneLine(options.label ?? label)
    this.#total = total
    this.#format = options.format
    this.#onError = options.onError
  }

  update(progress: RunProgress): void {
    this.#latest = progress
  }

  end(outcome: ProgressOutcome): void {
    this.#outcome = outcome
  }

  /** How much of the whole is done, from 0 to 1; `undefined` when the whole is not known. */
  get fraction(): number | undefined {
    const { completed, total } = this.#progress
    if (total === undefined) return undefined
    if (total > 0) return completed / total
    return this.#outcome === undefined || this.#outcome.cancelled ? 0 : 1
  }

  /** The same in percent; 100 is said only of what is complete. */
  get percent(): number | undefined {
    const { fraction } = this
    if (fraction === undefined) return undefined
    if (fraction === 1) return 100
    // Multiplying may come out a little below the number that is meant: 0.29 * 100 is 28.999999999999996.
    return Math.min(Math.floor(fraction * 100 + 1e-9), 99)
  }

  /** The numbers alone: `12/34`, or what `format` makes of them. */
  get counts(): string {
    return this.#formatted ?? this.#plainCounts
  }

  /** Everything on one line, without the label: `12/34 (35 %), message, 3 failed`. */
  get line(): string {
    const { percent } = this
    const formatted = this.#formatted
    const counts = formatted ?? `${this.#plainCounts}${percent === undefined ? '' : ` (${percent} %)`}`
    return this.#detailed(counts, formatted !== undefined)
  }

  /** What goes beside a bar, which says the percentage itself. */
  get besideBar(): string {
    const formatted = this.#formatted
    return this.#detailed(formatted ?? this.#plainCounts, formatted !== undefined)
  }

  get #progress(): RunProgress {
    const { message, ...latest } = this.#latest
    const { completed, failed = 0 } = this.#outcome ?? latest
    const total = latest.total ?? this.#total
    return {
      completed,
      failed,
      // A count that runs ahead may fall behind what it counts.
      ...(total !== undefined && Number.isFinite(total) && { total: Math.max(total, completed) }),
      ...(message !== undefined && { message }),
    }
  }

  get #plainCounts(): string {
    const { completed, total } = this.#progress
    if (total !== undefined) return `${amount(completed)}/${amount(total)}`
    const seconds = (preciseNow() - this.#startedAt) / 1_000
    return completed > 0 && seconds > 0 ? `${amount(completed)}, ${rate(completed / seconds)}` : amount(completed)
  }

  /** How fast it goes and how long it will take, once there is something to tell it from, until it has ended. */
  get #pace(): string[] {
    const { completed, total } = this.#progress
    const seconds = (preciseNow() - this.#startedAt) / 1_000
    if (this.#outcome !== undefined || total === undefined || completed <= 0 || seconds < 1) return []
    const perSecond = completed / seconds
    const left = completed < total ? [`${span((total - completed) / perSecond)} left`] : []
    // A fraction of one whole has no number per second.
    return total > 1 ? [rate(perSecond), ...left] : left
  }

  get #formatted(): string | undefined {
    if (this.#format === undefined) return undefined
    try {
      return oneLine(String(this.#format(this.#progress)))
    } catch (error) {
      this.#format = undefined
      this.#onError(error)
      return undefined
    }
  }

  #detailed(counts: string, formatted: boolean): string {
    const { message = '', failed = 0 } = this.#progress
    const details = formatted ? [] : [...this.#pace, oneLine(message), failed > 0 ? `${failed} failed` : '']
    return [counts, ...details, this.#outcome?.cancelled ? 'cancelled' : ''].filter(part => part !== '').join(', ')
  }
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

function rate(perSecond: number): string {
  return perSecond >= 10 ? `${Math.round(perSecond)}/s` : `${perSecond.toFixed(1)}/s`
}
