/** So many buckets for each power of two: values are told too high by less than a sixtieth. */
const SHARE = 64

/** Counts of positive whole numbers, as Node's histogram has them. */
export class Histogram {
  count = 0
  max = 0
  #sum = 0
  readonly #buckets: number[] = []

  get mean(): number {
    return this.#sum / this.count
  }

  record(value: number): void {
    this.count += 1
    this.#sum += value
    this.max = Math.max(this.max, value)
    const bucket = bucketOf(value)
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1
  }

  /** The value that so many hundredths of all are at most; 0 when there is none. */
  percentile(share: number): number {
    let left = Math.ceil((this.count * share) / 100)
    // `for … in` skips the buckets that nothing is in.
    for (const bucket in this.#buckets) {
      left -= this.#buckets[bucket] as number
      if (left <= 0) return Math.min(this.max, highestOf(Number(bucket)))
    }
    return 0
  }
}

/** Below `2 * SHARE` a value has a bucket of its own, above it `SHARE` buckets go up to the next power of two. */
function bucketOf(value: number): number {
  const doublings = Math.max(0, Math.floor(Math.log2(value / SHARE)))
  return doublings * SHARE + Math.floor(value / 2 ** doublings)
}

function highestOf(bucket: number): number {
  const doublings = Math.max(0, Math.floor(bucket / SHARE) - 1)
  return (bucket - doublings * SHARE + 1) * 2 ** doublings - 1
}
