import { isTransient } from '../../connection/errors.ts'
import type { JobsOptions, Queue } from '../bullmq/broker-connection.ts'
import type { JobData } from '../protocol/protocol.ts'

interface Entry {
  readonly name: string
  readonly data: JobData
  readonly opts: JobsOptions
  readonly resolve: (jobId: string) => void
  readonly reject: (error: unknown) => void
}

/** One step of the server should not keep others waiting for long: how many jobs it adds, and characters of arguments. */
const MOST = 500
const MOST_TEXT = 2 ** 22

/** How many steps are on their way at a time. */
const LANES = 4

/**
 * Adds jobs to a queue: each by itself, or, with `together`, a few at once and those that come while these are on their way
 * in one step after them.
 */
export class JobAdder {
  readonly #queue: Queue
  readonly #together: boolean
  readonly #waiting: Entry[] = []
  #lanes = 0
  /** By key the first that is on its way. */
  readonly #firsts = new Map<string, Promise<unknown>>()

  constructor(queue: Queue, together: boolean) {
    this.#queue = queue
    this.#together = together
  }

  /** The id of the job, or of the one that has the same key. */
  add(name: string, data: JobData, opts: JobsOptions): Promise<string> {
    // Over one connection all come in order.
    if (!this.#together) return this.#add(name, data, opts)
    if (opts.deduplication !== undefined) return this.#addKeyed(opts.deduplication.id, name, data, opts)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ name, data, opts, resolve, reject })
      if (this.#lanes < LANES) void this.#addAll()
    })
  }

  /** Several connections keep no order, and it is the first call that the others of its key join: they wait until it is there. */
  #addKeyed(key: string, name: string, data: JobData, opts: JobsOptions): Promise<string> {
    const first = this.#firsts.get(key)
    if (first !== undefined) return first.then(() => this.#add(name, data, opts))
    const adding = this.#add(name, data, opts)
    const added = adding.then(
      () => this.#firsts.delete(key),
      () => this.#firsts.delete(key),
    )
    this.#firsts.set(key, added)
    return adding
  }

  async #addAll(): Promise<void> {
    this.#lanes += 1
    while (this.#waiting.length > 0) {
      const batch = this.#next()
      await (batch.length === 1 ? this.#addOne(batch[0] as Entry) : this.#addBatch(batch))
    }
    this.#lanes -= 1
  }

  #next(): Entry[] {
    let [count, text] = [0, 0]
    for (const { data } of this.#waiting) {
      if (count === MOST || text > MOST_TEXT) break
      count += 1
      text += data.args.length
    }
    return this.#waiting.splice(0, count)
  }

  async #addOne({ name, data, opts, resolve, reject }: Entry): Promise<void> {
    await this.#add(name, data, opts).then(resolve, reject)
  }

  async #addBatch(batch: readonly Entry[]): Promise<void> {
    try {
      await this.#queue.addBulk(batch.map(({ name, data, opts }) => ({ name, data, opts: opts as object })))
      for (const { opts, resolve } of batch) resolve(opts.jobId as string)
    } catch (error) {
      if (isTransient(error)) for (const { reject } of batch) reject(error)
      // One that the server refuses must not take the others with it.
      else await Promise.all(batch.map(entry => this.#addOne(entry)))
    }
  }

  async #add(name: string, data: JobData, opts: JobsOptions): Promise<string> {
    const { id } = await this.#queue.add(name, data, opts)
    return id ?? (opts.jobId as string)
  }
}
