import type { TaskEvent } from '../scheduler/types.ts'
import type { TaskEvents } from './types.ts'

/** Events for a loop, in a buffer that drops the oldest when the loop falls behind. */
export class EventStream implements TaskEvents {
  readonly #capacity: number
  readonly #leave: () => void
  #buffer: (TaskEvent | undefined)[] = []
  /** Where the oldest is. */
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
    // Somebody who heard the same event before may have ended this.
    if (this.#ended) return
    const waiting = this.#waiting.shift()
    if (waiting !== undefined) waiting({ value: event, done: false })
    else this.#buffer.push(event)
    if (this.#buffer.length - this.#first > this.#capacity) {
      this.#shift()
      this.#dropped += 1
    }
    if (event.type === 'closed') this.#end()
  }

  async next(): Promise<IteratorResult<TaskEvent, undefined>> {
    const event = this.#shift()
    if (event !== undefined) return { value: event, done: false }
    if (this.#ended) return { value: undefined, done: true }
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  /** Takes the oldest. The front of the array is cut off only now and then, since that moves all the others. */
  #shift(): TaskEvent | undefined {
    const event = this.#buffer[this.#first]
    if (event === undefined) return undefined
    this.#buffer[this.#first] = undefined
    this.#first += 1
    if (this.#first * 2 >= this.#buffer.length) {
      this.#buffer = this.#buffer.slice(this.#first)
      this.#first = 0
    }
    return event
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
