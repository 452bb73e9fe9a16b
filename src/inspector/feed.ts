import { attempt } from '../base/attempt.ts'
import { startBackgroundTimer, type Timer } from '../base/clock.ts'

/** A reader gets what there is so often, in milliseconds, however much has happened. */
const EVERY = 500
const MOST_READERS = 32

type Reader = ReadableStreamDefaultController<Uint8Array>

/**
 * Server-sent events for all readers: one picture of everything, made once for all of them and only while there are some. A
 * reader who is behind is left out until it has read the one before, so that nothing piles up for it.
 */
export class Feed {
  readonly #readers = new Set<Reader>()
  readonly #take: () => object
  #timer: Timer | undefined
  #closed = false

  constructor(take: () => object) {
    this.#take = take
  }

  get full(): boolean {
    return this.#closed || this.#readers.size >= MOST_READERS
  }

  open(signal: AbortSignal): ReadableStream<Uint8Array> {
    let own: Reader | undefined
    const leave = () => this.#leave(own)
    return new ReadableStream<Uint8Array>(
      {
        start: reader => {
          own = reader
          this.#readers.add(reader)
          signal.addEventListener('abort', leave, { once: true })
          reader.enqueue(this.#message())
          this.#arm()
        },
        cancel: leave,
      },
      { highWaterMark: 1 },
    )
  }

  /** Ends the streams of all readers. */
  close(): void {
    this.#closed = true
    for (const reader of [...this.#readers]) this.#leave(reader)
  }

  #leave(reader: Reader | undefined): void {
    if (reader === undefined || !this.#readers.delete(reader)) return
    attempt(() => reader.close())
    if (this.#readers.size > 0) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #arm(): void {
    this.#timer ??= startBackgroundTimer(EVERY, () => {
      this.#timer = undefined
      this.#send()
      if (this.#readers.size > 0) this.#arm()
    })
  }

  #send(): void {
    const ready = [...this.#readers].filter(({ desiredSize }) => (desiredSize ?? 0) > 0)
    if (ready.length === 0) return
    const message = this.#message()
    for (const reader of ready) reader.enqueue(message)
  }

  #message(): Uint8Array {
    return new TextEncoder().encode(`data: ${JSON.stringify(this.#take())}\n\n`)
  }
}
