import { cancelTask } from '../task/cancel.ts'
import { currentTask } from '../task/current.ts'
import { Wait } from '../task/deadlock/wait.ts'
import type { Task } from '../task/task.ts'
import { type Channel, NONE } from './channel.ts'

type Step<T> = IteratorResult<T, undefined>

const OVER: Step<never> = { done: true, value: undefined }

/** A call of `next` that waits for its item. */
interface Reading<T> {
  readonly resolve: (step: Step<T>) => void
  readonly reject: (error: unknown) => void
  /** That of the task that reads. */
  wait: Wait | undefined
}

/** The loop's side of a stream: gives the items, then the end of the task. */
export class StreamReader<T> implements AsyncIterableIterator<T, undefined> {
  readonly #task: Task
  readonly #channel: Channel
  readonly #unseen: () => void
  #readings: Reading<T>[] = []
  #over = false

  /** @param unseen told when the reader leaves and the task has failed before, which nobody will hear of here */
  constructor(task: Task, channel: Channel, unseen: () => void) {
    this.#task = task
    this.#channel = channel
    this.#unseen = unseen
    channel.onChange = () => this.#deliver()
  }

  next(): Promise<Step<T>> {
    if (this.#over) return Promise.resolve(OVER)
    if (this.#readings.length === 0) {
      const item = this.#channel.take()
      if (item !== NONE) return Promise.resolve({ done: false, value: item as T })
      if (this.#task.ended) return this.#end()
    }
    return new Promise((resolve, reject) => {
      const reading: Reading<T> = { resolve, reject, wait: undefined }
      this.#readings.push(reading)
      const waiter = currentTask.getStore()
      if (waiter === undefined || waiter.ended) return
      reading.wait = Wait.begin(waiter, [this.#task], 'await', error => {
        this.#readings = this.#readings.filter(other => other !== reading)
        reject(error)
      })
    })
  }

  async return(): Promise<Step<T>> {
    if (this.#over) {
      // Of a call before this one: what is told to stop may not have stopped yet.
      await cancelTask(this.#task)
      return OVER
    }
    const readings = this.#leave()
    const hadFailed = this.#task.status === 'failed'
    await cancelTask(this.#task)
    for (const reading of readings) reading.resolve(OVER)
    if (hadFailed) this.#unseen()
    else if (this.#task.status === 'failed') throw this.#task.failure()
    return OVER
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #deliver(): void {
    while (this.#readings.length > 0) {
      const item = this.#channel.take()
      if (item === NONE) break
      this.#shift()?.resolve({ done: false, value: item as T })
    }
    if (!this.#task.ended) return
    const first = this.#shift()
    if (first !== undefined) this.#end().then(first.resolve, first.reject)
  }

  #shift(): Reading<T> | undefined {
    const reading = this.#readings.shift()
    reading?.wait?.end()
    return reading
  }

  /** Nothing is left to read: how the task has ended is the end of the loop. */
  async #end(): Promise<Step<T>> {
    this.#finish()
    if (this.#task.status !== 'done') throw this.#task.failure()
    return OVER
  }

  #finish(): void {
    for (const reading of this.#leave()) reading.resolve(OVER)
  }

  /** Reads no more, and gives who waits for an item, which none will have. */
  #leave(): Reading<T>[] {
    const readings = this.#readings
    this.#readings = []
    for (const { wait } of readings) wait?.end()
    this.#over = true
    this.#channel.discard()
    return readings
  }
}
