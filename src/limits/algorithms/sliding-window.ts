import type { LimitAlgorithm } from './limit-algorithm.ts'

/** How many spent places at the front of the log are kept before it is cut. */
const SPENT = 1024

interface Entry {
  readonly at: number
  amount: number
}

/**
 * At most `capacity` in every stretch of `per` milliseconds, wherever it begins: the sliding window log. Exact, at the
 * price of one entry for each time something was taken within the last `per` milliseconds.
 */
export class SlidingWindow implements LimitAlgorithm {
  capacity: number
  readonly returnable = false
  readonly #per: number
  #log: Entry[] = []
  #first = 0
  #used = 0
  /** What is still to be taken as room comes back. */
  #owed = 0

  constructor(capacity: number, per: number) {
    this.capacity = capacity
    this.#per = per
  }

  availableAt(amount: number, now: number): number {
    this.#expire(now)
    let short = this.#used + this.#owed + amount - this.capacity
    if (short <= 0) return now
    let at = now
    for (let i = this.#first; i < this.#log.length && short > 0; i++) {
      const entry = this.#log[i] as Entry
      short -= entry.amount
      at = entry.at
    }
    // Where much is owed it is too early; asking again then finds out more.
    return at + this.#per
  }

  take(amount: number, now: number): void {
    this.#used += amount
    const last = this.#log[this.#log.length - 1]
    if (last?.at === now) last.amount += amount
    else this.#log.push({ at: now, amount })
  }

  owe(amount: number, now: number): void {
    this.#expire(now)
    this.#owed += amount
    this.#pay(now)
  }

  resize(capacity: number, now: number): void {
    this.#expire(now)
    this.capacity = capacity
  }

  giveBack(amount: number, takenAt: number, now: number): void {
    this.#expire(now)
    const entry = this.#find(takenAt)
    if (entry === undefined) return
    const forgiven = Math.min(amount, this.#owed)
    const rest = Math.min(amount - forgiven, entry.amount)
    this.#owed -= forgiven
    entry.amount -= rest
    this.#used -= rest
    if (this.#owed > 0) this.#pay(now)
  }

  used(now: number): number {
    this.#expire(now)
    return this.#used + this.#owed
  }

  #pay(now: number): void {
    const amount = Math.min(this.#owed, this.capacity - this.#used)
    if (amount <= 0) return
    this.#owed -= amount
    this.take(amount, now)
  }

  #expire(now: number): void {
    for (let entry = this.#log[this.#first]; entry !== undefined; entry = this.#log[this.#first]) {
      if (entry.at + this.#per > now) break
      this.#used -= entry.amount
      this.#first += 1
      if (this.#owed > 0) this.#pay(entry.at + this.#per)
    }
    if (this.#first < SPENT || this.#first * 2 < this.#log.length) return
    this.#log = this.#log.slice(this.#first)
    this.#first = 0
  }

  /** Binary search: the log is in the order of time. */
  #find(at: number): Entry | undefined {
    let low = this.#first
    let high = this.#log.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#log[middle] as Entry).at < at) low = middle + 1
      else high = middle
    }
    const entry = this.#log[low]
    return entry?.at === at ? entry : undefined
  }
}
