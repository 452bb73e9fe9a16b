import { before, IndexedHeap } from './indexed-heap.ts'
import type { Queued } from './queued.ts'
import { SortingHeap } from './sorting-heap.ts'

const SMALLEST = 16
const KEEP_AT_MOST = 1024

/**
 * First in, first out, with O(1) removal from the middle: a ring buffer in which a removed item leaves a hole. Holes are
 * skipped once each, and squeezed out when the ring would otherwise have to grow.
 */
export class Fifo<T extends Queued> {
  #ring: (T | undefined)[] = new Array(SMALLEST)
  /** Absolute places, never reduced: the ring index is the place modulo the ring's length (a power of two). */
  #head = 0
  #tail = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  push(item: T): void {
    if (this.#tail - this.#head === this.#ring.length) this.#makeRoom()
    item.position = this.#tail
    this.#ring[this.#tail & (this.#ring.length - 1)] = item
    this.#tail += 1
    this.#size += 1
  }

  /** The first item; between calls the head never stands on a hole. */
  peek(): T | undefined {
    return this.#size === 0 ? undefined : this.#ring[this.#head & (this.#ring.length - 1)]
  }

  holds(item: T): boolean {
    return this.#ring[item.position & (this.#ring.length - 1)] === item
  }

  remove(item: T): void {
    this.#ring[item.position & (this.#ring.length - 1)] = undefined
    item.position = -1
    this.#size -= 1
    if (this.#size === 0) this.#reset()
    else while (this.#ring[this.#head & (this.#ring.length - 1)] === undefined) this.#head += 1
  }

  /** A burst of a million must not pin its memory for ever. */
  #reset(): void {
    if (this.#ring.length > KEEP_AT_MOST) this.#ring = new Array(SMALLEST)
    this.#head = this.#tail = 0
  }

  #makeRoom(): void {
    if (this.#size > this.#ring.length / 2) this.#grow()
    else this.#squeeze()
  }

  /** Leaves the places as they are, holes included: to write them anew would bring every item into the cache. */
  #grow(): void {
    const old = this.#ring
    const ring: (T | undefined)[] = new Array(old.length * 2)
    for (let place = this.#head; place < this.#tail; place += 1) {
      ring[place & (ring.length - 1)] = old[place & (old.length - 1)]
    }
    this.#ring = ring
  }

  #squeeze(): void {
    const old = this.#ring
    const ring: (T | undefined)[] = new Array(old.length)
    let tail = 0
    for (let place = this.#head; place < this.#tail; place += 1) {
      const item = old[place & (old.length - 1)]
      if (item === undefined) continue
      item.position = tail
      ring[tail] = item
      tail += 1
    }
    this.#ring = ring
    this.#head = 0
    this.#tail = tail
  }
}

/**
 * Items by priority, and by sequence number within one, which they bring along. Those of the priority that a queue starts
 * with usually come in order: they live in a FIFO, where everything is O(1), the others in a heap, where everything is
 * O(log n).
 */
export class OrderedQueue<T extends Queued> {
  readonly #usual = new Fifo<T>()
  /** Usually nobody stands there, and then there is none. */
  #others: IndexedHeap<T> | SortingHeap<T> | undefined
  #usualPriority = 0
  /** The sequence number of the last one in the FIFO. */
  #latest = 0

  get size(): number {
    return this.#usual.size + (this.#others?.size ?? 0)
  }

  push(item: T): void {
    if (this.#usual.size === 0) {
      this.#usualPriority = item.priority
      this.#latest = 0
    }
    if (item.priority !== this.#usualPriority || item.sequence < this.#latest) {
      this.#others ??= this.newHeap()
      return this.#others.push(item)
    }
    this.#latest = item.sequence
    this.#usual.push(item)
  }

  peek(): T | undefined {
    const usual = this.#usual.peek()
    const other = this.#others?.peek()
    if (other === undefined || usual === undefined) return other ?? usual
    return before(other, usual) ? other : usual
  }

  /** Takes a queued item out, wherever it stands. */
  remove(item: T): void {
    if (this.#usual.holds(item)) return this.#usual.remove(item)
    this.#others?.remove(item)
  }

  protected newHeap(): IndexedHeap<T> | SortingHeap<T> {
    return new IndexedHeap()
  }
}

/** The same, first come first served within one priority: items are numbered when they come. */
export class PendingQueue<T extends Queued> extends OrderedQueue<T> {
  #sequence = 0

  /** The sequence number of the latest arrival. */
  get latest(): number {
    return this.#sequence
  }

  /** A sequence number for an item that waits elsewhere but is to be compared with those in here. */
  ticket(): number {
    this.#sequence += 1
    return this.#sequence
  }

  override push(item: T): void {
    item.sequence = this.ticket()
    super.push(item)
  }

  protected override newHeap(): SortingHeap<T> {
    return new SortingHeap()
  }

  /** Takes the first item out, if it arrived no later than `latest`. */
  take(latest: number): T | undefined {
    const first = this.peek()
    if (first === undefined || first.sequence > latest) return undefined
    this.remove(first)
    return first
  }
}

/** What an item needs to be in a {@link LinkedSet}: its neighbours, kept by the set. */
export interface Linked<T> {
  next: T | undefined
  previous: T | undefined
}

/**
 * A set in order of insertion whose links are fields of the items themselves: adding and deleting cost no allocation,
 * a fifth of what a `Map` takes for items that come and go. An item may be in one such set only, and once.
 */
export class LinkedSet<T extends Linked<T>> {
  #first: T | undefined = undefined
  #last: T | undefined = undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  add(item: T): void {
    item.previous = this.#last
    if (this.#last === undefined) this.#first = item
    else this.#last.next = item
    this.#last = item
    this.#size += 1
  }

  delete(item: T): void {
    const { previous, next } = item
    if (previous === undefined) this.#first = next
    else previous.next = next
    if (next === undefined) this.#last = previous
    else next.previous = previous
    item.next = item.previous = undefined
    this.#size -= 1
  }

  /** The one that was added first. */
  get first(): T | undefined {
    return this.#first
  }

  /** The one that was added last. */
  get last(): T | undefined {
    return this.#last
  }

  /** The items at this moment, safe against changes while they are gone through. */
  toArray(): T[] {
    const items: T[] = []
    for (let item = this.#first; item !== undefined; item = item.next) items.push(item)
    return items
  }

  /** Goes through the items; the one being looked at must not be deleted meanwhile. */
  *[Symbol.iterator](): Generator<T> {
    for (let item = this.#first; item !== undefined; item = item.next) yield item
  }
}
