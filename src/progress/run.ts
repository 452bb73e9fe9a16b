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
    // Multiplying may come out a little below the number that is meant: 0.29 * 100 is 28.999999999999996.
    return fraction === 1 ? 100 : fraction && Math.min(Math.floor(fraction * 100 + 1e-9), 99)
  }

  /** The numbers alone: `12/34`, or what `format` makes of them. */
  get counts(): string {
    return this.#formatted ?? this.#plainCounts
  }

  /** Everything on one line, without the label: `12/34 (35 %), 3.4/s, 7 s left, message, 3 failed`. */
  get line(): string {
    const { percent } = this
    return this.#detailed(percent === undefined ? '' : ` (${percent} %)`)
  }

  /** What goes beside a bar, which says the percentage itself. */
  get besideBar(): string {
    return this.#detailed('')
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
    return total === undefined ? amount(completed) : `${amount(completed)}/${amount(total)}`
  }

  #detailed(percent: string): string {
    const { message = '', failed = 0 } = this.#progress
    const counts = this.#formatted
    const details =
      counts === undefined
        ? [this.#plainCounts + percent, ...this.#pace, oneLine(message), failed > 0 ? `${failed} failed` : '']
        : [counts]
    return [...details, this.#outcome?.cancelled ? 'cancelled' : ''].filter(part => part !== '').join(', ')
  }

  /** How fast it goes and how long it will take, once there is something to tell it from, until it has ended. */
  get #pace(): string[] {
    const { completed, total } = this.#progress
    const seconds = (preciseNow() - this.#startedAt) / 1_000
    const known = completed > 0 && (total === undefined ? seconds > 0 : seconds >= 1 && this.#outcome === undefined)
    if (!known) return []
    const perSecond = completed / seconds
    const rate = `${perSecond >= 10 ? Math.round(perSecond) : perSecond.toFixed(1)}/s`
    if (total === undefined) return [rate]
    const left = completed < total ? [`${span((total - completed) / perSecond)} left`] : []
    // A fraction of one whole has no number per second.
    return total > 1 ? [rate, ...left] : left
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
