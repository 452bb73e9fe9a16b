import type { TaskEvent } from '../scheduler/types.ts'
import type { RunnerLogger, TaskEvents } from './types.ts'

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
    // A listener that heard the same event before may have ended this.
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

/** Writes events to a logger, each at its level; returns `undefined` if the logger wants none of them. */
export function eventLog(logger: RunnerLogger): ((event: TaskEvent) => void) | undefined {
  if (logger.warn === undefined && logger.info === undefined && logger.debug === undefined) return undefined
  return event => {
    switch (event.type) {
      case 'progress':
        return
      case 'retrying':
      case 'abandoned':
        return logger.warn?.(
          event,
          `${describe(event)} ${event.type === 'retrying' ? 'is tried again' : 'was abandoned'}`,
        )
      case 'closed':
        return logger.info?.(event, 'closed')
      case 'drained':
        return logger.debug?.(event, 'drained')
      default:
        return logger.debug?.(event, `${describe(event)} ${event.type}`)
    }
  }
}

function describe({ record: { id, name } }: Extract<TaskEvent, { record: unknown }>): string {
  return `task ${id} "${name}"`
}
