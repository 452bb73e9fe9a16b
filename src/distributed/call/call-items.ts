import { startBackgroundTimer, type Timer } from '../../base/clock.ts'
import { SerializationError, WorkerCrashedError } from '../../base/errors.ts'
import type { ItemSink } from '../../streams/credits.ts'
import type { StreamItems } from '../bullmq/stream-items.ts'
import { decode } from '../protocol/payload.ts'
import { READER_BEAT, streamKey } from '../protocol/protocol.ts'
import { textsIn } from '../protocol/received.ts'

/** What the items of a call need of the client of its queue. Both may reject when the server is away. */
export interface ItemsHost {
  readonly queue: string
  /** What one item may take. */
  readonly maxBytes: number
  items(): Promise<StreamItems>
  /** Tells the worker of a run how many items it may have sent since its beginning. */
  grant(run: string, total: number): Promise<void>
  /** No item will come any more, for this reason. */
  fail(error: unknown): void
  disturbed(error: unknown): void
}

/**
 * The items of one call that gives a stream, on the side of its reader: fetches them when it hears of some, tells the worker
 * of credits, and that there is a reader. Both are told again every so often, and items are looked for then: an event may be
 * lost. What is told counts from the beginning of a run, so that it may be told twice.
 */
export class CallItems {
  readonly #sink: ItemSink
  readonly #host: ItemsHost
  readonly #jobId: () => string
  /** The run that the items are of. Another one follows when the worker has died. */
  #run: string | undefined
  readonly #past = new Set<string>()
  /** The number of the last items that were fetched. */
  #number = 0
  #granted = 0
  #beat: Timer | undefined
  #closed = false
  #fetching: Promise<void> | undefined
  #again = false
  #telling = false
  #untold = false

  constructor(sink: ItemSink, jobId: () => string, host: ItemsHost) {
    this.#sink = sink
    this.#jobId = jobId
    this.#host = host
  }

  /** A worker has begun a run, and waits for credits. */
  began(run: string): void {
    if (this.#closed || this.#past.has(run)) return
    if (run === this.#run) return this.#tell()
    const before = this.#run
    if (before === undefined) {
      this.#run = run
      this.#sink.credits.relay(count => this.#grant(count))
      return this.#beatLater()
    }
    this.#past.add(before)
    this.#run = run
    this.#number = this.#granted = 0
    this.#drop(before)
    if (this.#sink.restart()) return
    this.#host.fail(
      new WorkerCrashedError(
        'the worker that had this stream died, froze or was closed after items of it were read: it can not begin anew',
        null,
        null,
      ),
    )
  }

  /** A worker has sent items. */
  came(run: string): void {
    if (run === this.#run) this.#fetch().catch(error => this.#host.disturbed(error))
  }

  /** Fetches what is left; rejects when the server is away. */
  async rest(): Promise<void> {
    await this.#fetching?.catch(() => {})
    await this.#fetch()
  }

  /** The call is over: nothing of it is left on the server, if that is there. */
  close(): void {
    this.#closed = true
    this.#beat?.cancel()
    if (this.#run !== undefined) this.#drop(this.#run)
  }

  #grant(count: number): void {
    this.#granted += count
    this.#tell()
  }

  /** One after the other: of those that come meanwhile the latest says it all. */
  #tell(): void {
    if (this.#telling) {
      this.#untold = true
      return
    }
    this.#telling = true
    this.#untold = false
    const told = this.#run === undefined || this.#closed ? undefined : this.#host.grant(this.#run, this.#granted)
    Promise.resolve(told)
      .catch(error => this.#host.disturbed(error))
      .then(() => {
        this.#telling = false
        if (this.#untold) this.#tell()
      })
  }

  #beatLater(): void {
    this.#beat = startBackgroundTimer(READER_BEAT, () => {
      this.#tell()
      this.#fetch().catch(error => this.#host.disturbed(error))
      this.#beatLater()
    })
  }

  #fetch(): Promise<void> {
    if (this.#fetching !== undefined) {
      this.#again = true
      return this.#fetching
    }
    this.#fetching = this.#fetchAll().finally(() => {
      this.#fetching = undefined
    })
    return this.#fetching
  }

  async #fetchAll(): Promise<void> {
    do {
      this.#again = false
      const run = this.#run
      if (run === undefined || this.#closed) return
      const items = await this.#host.items()
      const key = streamKey(this.#host.queue, this.#jobId(), run)
      const fetched = await items.after(key, this.#number)
      // Another run has begun meanwhile.
      if (run !== this.#run || this.#closed) continue
      if (!this.#take(fetched) || fetched.length === 0) continue
      await items.remove(
        key,
        fetched.map(([number]) => number),
      )
    } while (this.#again)
  }

  /** Nothing is believed of what can't be read. */
  #take(fetched: Awaited<ReturnType<StreamItems['after']>>): boolean {
    try {
      for (const [number, text] of fetched) {
        if (number !== this.#number + 1) throw new SerializationError('items of a stream were lost on their way')
        const values = textsIn(text).map(each => decode(each, this.#host.maxBytes))
        this.#number = number
        for (const value of values) this.#sink.put(value)
      }
      return true
    } catch (error) {
      this.#host.fail(error)
      return false
    }
  }

  #drop(run: string): void {
    const key = streamKey(this.#host.queue, this.#jobId(), run)
    this.#host
      .items()
      .then(items => items.drop(key))
      .catch(() => {})
  }
}
