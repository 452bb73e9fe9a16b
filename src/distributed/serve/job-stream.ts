import { now, startBackgroundTimer, type Timer } from '../../base/clock.ts'
import { afterTurn } from '../../base/platform.ts'
import { isTransient } from '../../connection/errors.ts'
import { AGAIN, pause } from '../../connection/persistence.ts'
import { Credits, type ItemSink } from '../../streams/credits.ts'
import type { StreamItems } from '../bullmq/stream-items.ts'
import { encode } from '../protocol/payload.ts'
import { type FromWorker, READER_BEAT, READER_LOST, streamKey } from '../protocol/protocol.ts'

/** How many items go together at most, and how many characters: more of either make several. */
const MOST = 64
const LONGEST = 2 ** 20

/** Milliseconds until the beginning of a run is told again, as nobody has heard of it yet. */
const TOLD_AGAIN = 1_000

/** What a stream on its way needs of its worker. */
export interface StreamHost {
  readonly queue: string
  readonly jobId: string
  /** The name of the function. */
  readonly fn: string
  readonly maxBytes: number
  readonly items: StreamItems
  tell<E extends 'stream' | 'items'>(event: E, fields: FromWorker[E]): Promise<void>
  /** Has the function stopped. */
  stop(reason: unknown): void
}

/** The items of one job that gives a stream, on their way to its caller. Sends nothing that no credit has come for. */
export class JobStream implements ItemSink {
  readonly credits = new Credits()
  readonly #host: StreamHost
  readonly #run = crypto.randomUUID()
  readonly #key: string
  #waiting: string[] = []
  #number = 0
  /** How many credits have come since the beginning. */
  #granted = 0
  #heardAt = now()
  #timer: Timer | undefined
  #over = false
  #sending: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(host: StreamHost) {
    this.#host = host
    this.#key = streamKey(host.queue, host.jobId, this.#run)
    this.#begin()
  }

  /** Why the stream can't go on, for a reason that its function does not know of. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure
  }

  /** The reader has said how many items may have been sent by now. Others hear what is meant for other runs. */
  granted(run: string, total: number): void {
    if (run !== this.#run) return
    this.#heardAt = now()
    if (!(total > this.#granted) || !Number.isSafeInteger(total)) return
    const more = total - this.#granted
    this.#granted = total
    this.credits.add(more)
  }

  put(item: unknown): void {
    if (this.#failure !== undefined) return
    try {
      this.#waiting.push(encode(item, { of: 'item', name: this.#host.fn }, this.#host.maxBytes))
    } catch (error) {
      return this.#fail(error)
    }
    this.#sending ??= this.#send()
  }

  restart(): boolean {
    return false
  }

  /** The function has stopped; resolves when all of its items are sent, or can't be. */
  async end(): Promise<void> {
    await this.#sending
    this.#over = true
    this.#timer?.cancel()
  }

  /** Tells that it begins until it is heard of; then looks now and again whether there still is a reader. */
  #begin(): void {
    const heard = this.#granted > 0
    if (!heard) this.#host.tell('stream', { jobId: this.#host.jobId, run: this.#run }).catch(() => {})
    this.#timer = startBackgroundTimer(heard ? READER_BEAT : TOLD_AGAIN, () => {
      if (now() - this.#heardAt > READER_LOST) this.#fail(new Error('nobody reads the stream any more'))
      else this.#begin()
    })
  }

  #fail(error: unknown): void {
    if (this.#over) return
    this.#failure ??= { error }
    this.#host.stop(error)
  }

  /** What is made in one turn of the event loop goes together. */
  async #send(): Promise<void> {
    await new Promise<void>(go => void afterTurn(go))
    const { jobId, items } = this.#host
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#next()
        this.#number += 1
        await this.#persist(() => items.add(this.#key, this.#number, JSON.stringify(batch)))
        // Lost, it is found by the next look of the reader.
        await this.#host.tell('items', { jobId, run: this.#run }).catch(() => {})
      }
    } catch (error) {
      this.#waiting = []
      this.#fail(error)
    }
    this.#sending = undefined
  }

  #next(): string[] {
    let length = 0
    const count = this.#waiting.slice(0, MOST).findIndex(text => {
      length += text.length
      return length > LONGEST
    })
    return this.#waiting.splice(0, count < 0 ? MOST : Math.max(1, count))
  }

  /** As long as there is a reader. */
  async #persist(add: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await add()
      } catch (error) {
        if (!isTransient(error) || now() - this.#heardAt > READER_LOST) throw error
        await pause(AGAIN)
      }
    }
  }
}
