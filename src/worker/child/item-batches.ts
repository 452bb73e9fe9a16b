import { afterTurn } from '../../base/platform.ts'
import { Credits, type ItemSink } from '../../streams/credits.ts'
import { pump } from '../../streams/pump.ts'
import type { Uplink } from '../messages/link.ts'
import { type FromWorker, postPacked } from '../messages/protocol.ts'

/** How many items go in one message at most. */
const MOST = 64

/**
 * Sends the items of one call: together what is made in one turn of the event loop, as a message costs the same with one
 * item as with many.
 */
export class ItemBatches implements ItemSink {
  readonly credits = new Credits()
  readonly #uplink: Uplink
  readonly #call: number
  readonly #fn: string
  readonly #failed = new AbortController()
  #batch: unknown[] = []
  #announced = false
  /** An item could not be sent. */
  #broken = false

  constructor(uplink: Uplink, call: number, fn: string) {
    this.#uplink = uplink
    this.#call = call
    this.#fn = fn
  }

  /** Sends what the function has returned; settles when its producer has stopped and all is sent. */
  async send(items: unknown, signal: AbortSignal): Promise<void> {
    try {
      await pump(items, this, AbortSignal.any([signal, this.#failed.signal]))
    } finally {
      this.#post()
    }
  }

  put(item: unknown): void {
    // What is made after an item that was lost must not come in its place.
    if (this.#broken) return
    this.#batch.push(item)
    if (this.#batch.length === MOST || this.credits.available === 0) this.#post()
    else if (!this.#announced) this.#announce()
  }

  restart(): boolean {
    return false
  }

  #announce(): void {
    this.#announced = true
    afterTurn(() => {
      this.#announced = false
      try {
        this.#post()
      } catch (error) {
        this.#failed.abort(error)
      }
    })
  }

  /** Throws for an item that can't be carried, once those before it are sent. */
  #post(): void {
    const batch = this.#batch
    if (batch.length === 0) return
    this.#batch = []
    try {
      this.#postAll(batch)
    } catch (error) {
      this.#broken = true
      if (batch.length === 1) throw error
      for (const item of batch) this.#postAll([item])
      this.#broken = false
    }
  }

  #postAll(items: readonly unknown[]): void {
    postPacked(this.#uplink, items, { of: 'item', name: this.#fn }, (data): FromWorker => ['items', this.#call, data])
  }
}
