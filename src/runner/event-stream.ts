import type { TaskEvent } from '../manager/types.ts'
import type { TaskEvents } from './types.ts'

/** Events for a loop, in a buffer that drops the oldest when the loop falls behind. */
export class EventStream implements TaskEvents {
  readonly #capacity: number
  readonly #leave: () => void
  #buffer: TaskEvent[] = []
  /** Where the oldest of a full buffer is. */
  #first = 0
  #dropped = 0
  #ended = false
  #waiting: ((result: IteratorResult<TaskEvent, undefined>) => void)[] = []

  /** `follow` is handed the function that takes events, and returns the one that ends them. */
  constructor(capacity: number, follow: (take: (event: TaskEvent) => void) => () => void) {
    this.#capacity = capacity
    this.#leave = follow(event => this.#take(event))
  }

  get dropped(): number {
    return this.#dropped
  }

  #take(event: TaskEvent): void {
    const waiting = this.#waiting.shift()
    if (waiting !== undefined) waiting({ value: event, done: false })
    else if (this.#buffer.length < this.#capacity) this.#buffer.push(event)
    else {
      this.#dropped += 1
      this.#buffer[this.#first] = event
      this.#first = (this.#first + 1) % this.#capacity
    }
    if (event.type === 'closed') this.#end()
  }

  async next(): Promise<IteratorResult<TaskEvent, undefined>> {
    this.#straighten()
    const event = this.#buffer.shift()
    if (event !== undefined) return { value: event, done: false }
    if (this.#ended) return { value: undefined, done: true }
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  /** After a loss the ring has its oldest in the middle; it is taken from the front again. */
  #straighten(): void {
    if (this.#first === 0) return
    this.#buffer = [...this.#buffer.slice(this.#first), ...this.#buffer.slice(0, this.#first)]
    this.#first = 0
  }

  #end(): void {
    this.#ended = true
    this.#leave()
    for (const tell of this.#waiting) tell({ value: undefined, done: true })
    this.#waiting = []
  }

  async return(): Promise<IteratorResult<TaskEvent, undefined>> {
    this.#buffer = []
    this.#first = 0
    if (!this.#ended) this.#end()
    return { value: undefined, done: true }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  [Symbol.asyncIterator](): TaskEvents {
    return this
  }
}
