import type { Queue } from 'bullmq'
import { startBackgroundTimer, type Timer } from '../clock.ts'
import type { EventListeners } from '../worker/distributed/event-listeners.ts'
import { decode, encode } from '../worker/distributed/payload.ts'
import { controlQueue, decodeThrown, type FromWorker, MAX_WORDS, PRESENCE } from '../worker/distributed/protocol.ts'
import type { QueueServer } from '../worker/distributed/queue-server.ts'

/** How many cancels are remembered that came for jobs that are not here: they may come here later. */
const REMEMBERED = 10_000

/** What a worker hears from the callers of its queue and what it tells them, beside what becomes of the jobs. */
export class Control {
  readonly #server: QueueServer
  readonly #queue: Queue
  readonly #slots: number
  readonly #id = crypto.randomUUID()
  /** The reasons of cancels by the ids of jobs. */
  readonly #cancelled = new Map<string, unknown>()
  readonly #asked = new Map<string, PromiseWithResolvers<unknown>>()
  #lastRequest = 0
  #beat: Timer | undefined
  #gone = false

  private constructor(server: QueueServer, queue: Queue, slots: number) {
    this.#server = server
    this.#queue = queue
    this.#slots = slots
  }

  /** `cancel` is told of each cancel, and says whether the job is here. */
  static async start(
    server: QueueServer,
    queue: Queue,
    slots: number,
    cancel: (jobId: string, reason: unknown) => boolean,
  ): Promise<Control> {
    const control = new Control(server, queue, slots)
    const channel = server.queue(controlQueue(queue.name))
    server.hear(channel, await server.publish(channel, 'worker'), control.#listeners(cancel))
    return control
  }

  #listeners(cancel: (jobId: string, reason: unknown) => boolean): EventListeners {
    return {
      cancel: ({ jobId = '', reason = '' }) => {
        const told = decodeThrown(reason)
        if (!cancel(jobId, told)) this.#remember(jobId, told)
      },
      who: () => void this.announce(),
      answer: ({ jobId = '', request = '', result, error }) => {
        const asked = this.#asked.get(`${jobId} ${request}`)
        if (error !== undefined) asked?.reject(decodeThrown(error))
        else asked?.resolve(decode(result ?? 'u', MAX_WORDS))
      },
    }
  }

  #remember(jobId: string, reason: unknown): void {
    this.#cancelled.set(jobId, reason)
    if (this.#cancelled.size <= REMEMBERED) return
    for (const oldest of this.#cancelled.keys()) return void this.#cancelled.delete(oldest)
  }

  /** The reason if the job was cancelled before it came here. */
  cancelled(jobId: string): { readonly reason: unknown } | undefined {
    if (!this.#cancelled.has(jobId)) return undefined
    const reason = this.#cancelled.get(jobId)
    this.#cancelled.delete(jobId)
    return { reason }
  }

  /** Says that this worker is there, now and again and again. Never rejects. */
  async announce(): Promise<void> {
    this.#beat?.cancel()
    if (this.#gone) return
    this.#beat = startBackgroundTimer(PRESENCE, () => void this.announce())
    await this.#publish('worker', { id: this.#id, slots: String(this.#slots) }).catch(() => {})
  }

  /** Asks the caller of a job something; rejects as it does. */
  async ask(jobId: string, what: unknown): Promise<unknown> {
    this.#lastRequest += 1
    const request = String(this.#lastRequest)
    const asked = Promise.withResolvers<unknown>()
    this.#asked.set(`${jobId} ${request}`, asked)
    // The refusal may be here before the server has said that it has the question.
    asked.promise.catch(() => {})
    try {
      const text = encode(what, { of: 'arguments', name: 'a request' }, MAX_WORDS)
      await this.#publish('ask', { jobId, request, what: text })
      return await asked.promise
    } finally {
      this.#asked.delete(`${jobId} ${request}`)
    }
  }

  /** The worker goes. */
  async leave(): Promise<void> {
    this.#gone = true
    this.#beat?.cancel()
    await this.#publish('worker', { id: this.#id, slots: '0' }).catch(() => {})
  }

  async #publish<E extends keyof FromWorker>(event: E, fields: FromWorker[E]): Promise<void> {
    await this.#server.publish(this.#queue, event, fields as Readonly<Record<string, string>>)
  }
}
