/**
 * The bookkeeping of one limit: how much has been taken, and when how much may be taken again. It knows nothing of who
 * waits. All times are monotonic milliseconds; amounts are whole numbers from 0 to the capacity.
 */
export interface LimitAlgorithm {
  readonly capacity: number
  /** Whether what was taken comes back when its holder releases it; else it comes back with time alone. */
  readonly returnable: boolean
  /** The earliest time at which `amount` can be taken if nobody takes or gives back anything before. At most `now`: now. */
  availableAt(amount: number, now: number): number
  take(amount: number, now: number): void
  /** Takes what may be more than there is: the rest is taken before all else as soon as it is there. */
  owe(amount: number, now: number): void
  /** Undoes that much of what was taken at `takenAt`. */
  giveBack(amount: number, takenAt: number, now: number): void
  /** From `now` on there is more or less of it; what is taken stays taken. */
  resize(capacity: number, now: number): void
  /** How much counts as taken; rounded up where it flows back continuously. */
  used(now: number): number
}

/**
 * How a rate is counted.
 *
 * - `sliding-window`: at most `capacity` in any stretch of `per` milliseconds. Exact.
 * - `fixed-window`: at most `capacity` in each of the windows that follow one another from the first use on. Twice as much
 *   may pass around the edge of two.
 * - `token-bucket`, `leaky-bucket`, `gcra`: bursts up to `capacity`, which flows back evenly over `per` milliseconds. Three
 *   descriptions of one and the same rule.
 */
export type RateAlgorithm = 'sliding-window' | 'fixed-window' | 'token-bucket' | 'leaky-bucket' | 'gcra'
