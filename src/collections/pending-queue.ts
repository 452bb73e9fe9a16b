import { Fifo } from './fifo.ts'
import { before, IndexedHeap } from './indexed-heap.ts'
import type { Queued } from './queued.ts'

/**
 * Items by priority, and by sequence number within one, which they bring along. Those of the priority that a queue starts
 * with usually come in order: they live in a FIFO, where everything is O(1), the others in a heap, where everything is
 * O(log n).
 */
export class OrderedQueue<T extends Queued> {
  readonly #usual = new Fifo<T>()
  readonly #others = new IndexedHeap<T>()
  /** How many are in the heap: usually none, and then it is not even asked. */
  #othersSize = 0
  #usualPriority = 0
  /** The sequence number of the last one in the FIFO. */
  #latest = 0

  get size(): number {
    return this.#usual.size + this.#othersSize
  }

  push(item: T): void {
    if (this.#usual.size === 0) {
      this.#usualPriority = item.priority
      this.#latest = 0
    }
    if (item.priority !== this.#usualPriority || item.sequence < this.#latest) {
      this.#othersSize += 1
      return this.#others.push(item)
    }
    this.#latest = item.sequence
    this.#usual.push(item)
  }

  peek(): T | undefined {
    const usual = this.#usual.peek()
    if (this.#othersSize === 0) return usual
    const other = this.#others.peek()
    if (other === undefined || usual === undefined) return other ?? usual
    return before(other, usual) ? other : usual
  }

  /** Takes a queued item out, wherever it stands. */
  remove(item: T): void {
    if (this.#usual.holds(item)) return this.#usual.remove(item)
    this.#othersSize -= 1
    this.#others.remove(item)
  }
}

/** The same, first come first served within one priority: items are numbered when they come. */
export class PendingQueue<T extends Queued> extends OrderedQueue<T> {
  #sequence = 0

  /** The sequence number of the latest arrival. */
  get latest(): number {
    return this.#sequence
  }

  /** A sequence number for somebody who waits elsewhere but is to be compared with those in here. */
  ticket(): number {
    this.#sequence += 1
    return this.#sequence
  }

  override push(item: T): void {
    item.sequence = this.ticket()
    super.push(item)
  }

  /** Takes the first item out, if it arrived no later than `latest`. */
  take(latest: number): T | undefined {
    const first = this.peek()
    if (first === undefined || first.sequence > latest) return undefined
    this.remove(first)
    return first
  }
}
