import { Fifo } from './fifo.ts'
import { IndexedHeap } from './indexed-heap.ts'
import type { Queued } from './queued.ts'

/**
 * Items by priority, first come first served within one. The priority that a queue starts with, usually the only one,
 * lives in a FIFO, where everything is O(1); all others share a heap, where everything is O(log n).
 */
export class PendingQueue<T extends Queued> {
  readonly #usual = new Fifo<T>()
  readonly #others = new IndexedHeap<T>()
  #usualPriority = 0
  #sequence = 0

  get size(): number {
    return this.#usual.size + this.#others.size
  }

  /** The sequence number of the latest arrival. */
  get latest(): number {
    return this.#sequence
  }

  /** A sequence number for somebody who waits elsewhere but is to be compared with those in here. */
  ticket(): number {
    this.#sequence += 1
    return this.#sequence
  }

  push(item: T): void {
    if (this.size === 0) this.#usualPriority = item.priority
    item.sequence = this.ticket()
    this.#lineOf(item).push(item)
  }

  peek(): T | undefined {
    const other = this.#others.peek()
    const usual = this.#usual.peek()
    if (other === undefined || usual === undefined) return other ?? usual
    return other.priority > usual.priority ? other : usual
  }

  /** Takes the first item out, if it arrived no later than `latest`. */
  take(latest: number): T | undefined {
    const first = this.peek()
    if (first === undefined || first.sequence > latest) return undefined
    this.remove(first)
    return first
  }

  /** Takes a queued item out, wherever it stands. */
  remove(item: T): void {
    this.#lineOf(item).remove(item)
  }

  #lineOf(item: T): Fifo<T> | IndexedHeap<T> {
    return item.priority === this.#usualPriority ? this.#usual : this.#others
  }
}
