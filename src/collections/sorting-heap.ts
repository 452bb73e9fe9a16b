import { before, IndexedHeap } from './indexed-heap.ts'
import type { Queued } from './queued.ts'

/** Of a key, the lower bits say where its item stands. To sort so many takes about 10 ms. */
const LONGEST = 2 ** 17
/** The key of a whole number below is exact. */
const HIGHEST = 2 ** 35
/** So many that come between two looks are not collected. */
const FEW = 64
/** When less than one in so many is left, the memory of the collected ones is freed. */
const SPARSE = 64
/** So many items are brought into the cache at once. */
const AHEAD = 4

/**
 * A heap that collects what comes between two looks and sorts it at once, as numbers (bench `priorities`): to note a new
 * position in each item that moves is what a heap spends most of its time on. What comes one by one, or while collected
 * ones are left, or has a priority that is no whole number, goes into an {@link IndexedHeap} as ever.
 */
export class SortingHeap<T extends Queued> {
  readonly #single = new IndexedHeap<T>()
  /** The collected ones in order of arrival. They never move. */
  #items: (T | undefined)[] = []
  /** Of each a number that sorts it, with its place in `#items`; from the first look on they are sorted. */
  #keys: number[] | Float64Array = []
  #sorted = false
  /** How many of them are left. */
  #left = 0
  /** Where the first of them stands, and which key is next to be looked at. */
  #first = 0
  #next = 0
  /** The sequence number of the latest of them, as long as others may follow. */
  #latest = 0
  /** How many have come since the latest look. */
  #unseen = 0

  get size(): number {
    return this.#single.size + this.#left
  }

  push(item: T): void {
    this.#unseen += 1
    const slot = this.#items.length
    if (this.#sorted || this.#unseen <= FEW || slot === LONGEST || !this.#fits(item)) return this.#single.push(item)
    item.position = slot
    this.#items.push(item)
    ;(this.#keys as number[]).push(slot - item.priority * LONGEST)
    this.#latest = item.sequence
    this.#left += 1
  }

  peek(): T | undefined {
    this.#unseen = 0
    if (this.#left > 0 && !this.#sorted) {
      this.#sorted = true
      this.#keys = new Float64Array(this.#keys).sort()
      this.#advance()
    }
    const single = this.#single.peek()
    const first = this.#items[this.#first]
    return first === undefined || (single !== undefined && before(single, first)) ? single : first
  }

  remove(item: T): void {
    const { position } = item
    if (this.#items[position] !== item) return this.#single.remove(item)
    item.position = -1
    this.#items[position] = undefined
    this.#left -= 1
    if (this.#left * SPARSE < this.#items.length) this.#dissolve()
    else if (this.#sorted && position === this.#first) this.#advance()
  }

  /** Whether it comes after those that are collected, and has a key that is exact. */
  #fits({ priority, sequence }: T): boolean {
    return sequence > this.#latest && Number.isInteger(priority) && Math.abs(priority) < HIGHEST
  }

  /** Goes on to the next one that is left. There is one. */
  #advance(): void {
    do {
      if (this.#next % AHEAD === 0) this.#fetch()
      this.#first = this.#slot(this.#next)
      this.#next += 1
    } while (this.#items[this.#first] === undefined)
  }

  /** Reads the next few, whose memory is far apart: the processor waits for all of them together. */
  #fetch(): void {
    for (let n = 0; n < AHEAD; n++) this.#latest ^= this.#items[this.#slot(this.#next + n)]?.sequence ?? 0
  }

  #slot(n: number): number {
    return (this.#keys[n] as number) & (LONGEST - 1)
  }

  #dissolve(): void {
    const items = this.#items
    this.#items = []
    this.#keys = []
    this.#sorted = false
    this.#left = this.#first = this.#next = this.#latest = 0
    for (const item of items) if (item !== undefined) this.#single.push(item)
  }
}
