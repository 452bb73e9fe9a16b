import { Credits, type ItemSink } from './credits.ts'

/** There is no item. */
export const NONE = Symbol('none')

/** The holes at the front of the list of items are cut off when there are so many, and as many as items. */
const MOST_HOLES = 1_024

/** What lies between the producer of a stream and its reader: at most as many items as its buffer has places. */
export class Channel {
  readonly #buffer: number
  /** Told when there are items, or all there will be; must not throw. */
  onChange: () => void = () => {}
  #items: unknown[] = []
  #first = 0
  /** The attempt that runs. */
  #attempt: Attempt | undefined
  /** How many were read and not given back as credits. */
  #owed = 0
  #read = false
  #held = false
  #discarded = false

  constructor(buffer: number) {
    this.#buffer = buffer
  }

  /** Where a new attempt puts its items; what an earlier one has put and was not read is gone. */
  open(): ItemSink {
    const attempt = new Attempt(new Credits(this.#buffer), this, this.#buffer)
    this.#attempt = attempt
    this.#clear()
    return attempt
  }

  /** No attempt will put anything more. What is there can be read. */
  close(): void {
    this.#attempt = undefined
    this.#held = false
    this.onChange()
  }

  /** Nobody reads any more: what is there is forgotten, and what comes is not kept. */
  discard(): void {
    this.#clear()
    this.#discarded = true
  }

  /**
   * Keeps the items back that were not read, as another attempt may make them again: until that begins, or until `close`.
   * `false`, and nothing, once one was read.
   */
  hold(): boolean {
    if (this.#read) return false
    this.#held = true
    return true
  }

  /** The next item, or {@link NONE}. */
  take(): unknown {
    if (this.#first === this.#items.length || this.#held) return NONE
    const item = this.#items[this.#first]
    this.#items[this.#first] = undefined
    this.#first += 1
    if (this.#first === this.#items.length) this.#items.length = this.#first = 0
    else if (this.#first >= MOST_HOLES && this.#first * 2 >= this.#items.length) this.#cut()
    this.#read = true
    this.#owed += 1
    // Half of them at a time: the producer goes on before the rest is read, and few messages have to say so.
    if (this.#owed * 2 >= this.#buffer) this.#grant()
    return item
  }

  put(attempt: Attempt, item: unknown): void {
    if (attempt !== this.#attempt || this.#discarded) return
    this.#items.push(item)
    if (!this.#held) this.onChange()
  }

  /** See {@link ItemSink.restart}. */
  restart(attempt: Attempt): boolean {
    if (this.#read || attempt !== this.#attempt) return false
    this.#clear()
    return true
  }

  #clear(): void {
    this.#items = []
    this.#first = this.#owed = 0
    this.#held = false
  }

  #cut(): void {
    this.#items = this.#items.slice(this.#first)
    this.#first = 0
  }

  #grant(): void {
    const owed = this.#owed
    this.#owed = 0
    this.#attempt?.credits.add(owed)
  }
}

/** The side of a channel that one attempt has. What it puts once it is over is dropped. */
class Attempt implements ItemSink {
  readonly credits: Credits
  readonly #channel: Channel
  readonly #buffer: number

  constructor(credits: Credits, channel: Channel, buffer: number) {
    this.credits = credits
    this.#channel = channel
    this.#buffer = buffer
  }

  put(item: unknown): void {
    this.#channel.put(this, item)
  }

  restart(): boolean {
    if (!this.#channel.restart(this)) return false
    this.credits.add(this.#buffer)
    return true
  }
}
