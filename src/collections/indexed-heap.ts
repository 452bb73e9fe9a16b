import type { Queued } from './queued.ts'

/** Whether `a` goes before `b`: higher priority, then earlier arrival. Never a tie, so the order is stable. */
export function before(a: Queued, b: Queued): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.sequence < b.sequence)
}

/** Children of an item: with four, a heap is half as deep as with two, and the ranks of siblings lie together. */
const CHILDREN = 4

/** How many places are kept for later. */
const MOST_KEPT = 64

/**
 * A heap whose items know their own index (Sedgewick & Wayne, Algorithms, 4th ed., 2.4 "Index priority queue"; with more
 * children, Johnson, "Priority queues with update and finding minimum spanning trees", 1975): push, take, a new rank and
 * removal from anywhere are O(log n).
 *
 * For speed the ranks stand beside the items (bench `priorities`): to compare brings no item into the cache. So an item whose
 * rank has changed must be told of: {@link rerank}.
 */
export class IndexedHeap<T extends Queued> {
  /** None of these is cut for each that leaves: one that is filled and emptied in turn would be made anew each time. */
  #items: (T | undefined)[] = []
  #priorities: number[] = []
  #sequences: number[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  push(item: T): void {
    const index = this.#size
    this.#size += 1
    this.#rise(item, index)
  }

  /** All of them, in no order. */
  values(): readonly T[] {
    return this.#items.slice(0, this.#size) as T[]
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  remove(item: T): void {
    const index = item.position
    this.#size -= 1
    const last = this.#items[this.#size] as T
    this.#items[this.#size] = undefined
    if (this.#size === 0 && this.#items.length > MOST_KEPT) this.#clear()
    item.position = -1
    if (last !== item) this.#settle(last, index)
  }

  #clear(): void {
    this.#items = []
    this.#priorities = []
    this.#sequences = []
  }

  /** Gives an item the place of its new rank. */
  rerank(item: T): void {
    this.#settle(item, item.position)
  }

  /** Moves an item up or down from a place that is free for it. */
  #settle(item: T, index: number): void {
    if (index > 0 && this.#isAfter(above(index), item.priority, item.sequence)) this.#rise(item, index)
    else this.#sink(item, index)
  }

  #rise(item: T, from: number): void {
    const { priority, sequence } = item
    let index = from
    while (index > 0 && this.#isAfter(above(index), priority, sequence)) {
      this.#move(above(index), index)
      index = above(index)
    }
    this.#place(item, priority, sequence, index)
  }

  #sink(item: T, from: number): void {
    const { priority, sequence } = item
    let index = from
    for (;;) {
      const first = this.#firstBelow(index)
      if (first === -1 || this.#isAfter(first, priority, sequence)) break
      this.#move(first, index)
      index = first
    }
    this.#place(item, priority, sequence, index)
  }

  /** The index of the child that goes before its siblings; -1 where there is none. */
  #firstBelow(index: number): number {
    const from = CHILDREN * index + 1
    const to = Math.min(from + CHILDREN, this.#size)
    if (from >= to) return -1
    let first = from
    for (let each = from + 1; each < to; each++) {
      const priority = this.#priorities[each] as number
      if (this.#isAfter(first, priority, this.#sequences[each] as number)) first = each
    }
    return first
  }

  /** Whether what stands there goes after that rank. */
  #isAfter(index: number, priority: number, sequence: number): boolean {
    const own = this.#priorities[index] as number
    return own < priority || (own === priority && (this.#sequences[index] as number) > sequence)
  }

  #move(from: number, to: number): void {
    this.#place(this.#items[from] as T, this.#priorities[from] as number, this.#sequences[from] as number, to)
  }

  #place(item: T, priority: number, sequence: number, index: number): void {
    this.#items[index] = item
    this.#priorities[index] = priority
    this.#sequences[index] = sequence
    item.position = index
  }
}

function above(index: number): number {
  return Math.floor((index - 1) / CHILDREN)
}
