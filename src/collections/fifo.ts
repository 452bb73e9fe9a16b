import type { Queued } from './queued.ts'

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
