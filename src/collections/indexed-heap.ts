import type { Queued } from './queued.ts'

/** Whether `a` goes before `b`: higher priority, then earlier arrival. Never a tie, so the order is stable. */
export function before(a: Queued, b: Queued): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.sequence < b.sequence)
}

/**
 * A binary heap whose items know their own index (Sedgewick & Wayne, Algorithms, 4th ed., 2.4 "Index priority queue"):
 * push, take and removal from anywhere are O(log n).
 */
export class IndexedHeap<T extends Queued> {
  readonly #items: T[] = []

  get size(): number {
    return this.#items.length
  }

  push(item: T): void {
    this.#items.push(item)
    this.#rise(item, this.#items.length - 1)
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  remove(item: T): void {
    const index = item.position
    const last = this.#items.pop() as T
    item.position = -1
    if (last === item) return
    if (before(last, item)) this.#rise(last, index)
    else this.#sink(last, index)
  }

  #rise(item: T, from: number): void {
    let index = from
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = this.#items[above] as T
      if (!before(item, parent)) break
      this.#place(parent, index)
      index = above
    }
    this.#place(item, index)
  }

  #sink(item: T, from: number): void {
    const { length } = this.#items
    let index = from
    for (;;) {
      let below = 2 * index + 1
      if (below >= length) break
      if (below + 1 < length && before(this.#items[below + 1] as T, this.#items[below] as T)) below += 1
      const child = this.#items[below] as T
      if (!before(child, item)) break
      this.#place(child, index)
      index = below
    }
    this.#place(item, index)
  }

  #place(item: T, index: number): void {
    this.#items[index] = item
    item.position = index
  }
}
