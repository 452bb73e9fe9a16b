import { startBackgroundTimer, type Timer } from '../../base/clock.ts'
import type { BrokerConnection, Queue } from '../bullmq/broker-connection.ts'
import type { EventListeners } from '../bullmq/workarounds/event-listeners.ts'
import { decode, encode } from '../protocol/payload.ts'
import { controlQueue, decodeThrown, type FromWorker, MAX_WORDS, PRESENCE } from '../protocol/protocol.ts'
import { namesOf } from '../protocol/received.ts'
import { FunctionsElsewhere } from './job-returns.ts'

/** How many cancels are remembered that came for jobs that are not here: they may come here later. */
const REMEMBERED = 10_000

/** How many characters the names of functions may take in an event: it is sent every so often. */
const MOST_NAMES = 2 ** 14

/** What a worker says of itself. */
export interface Introduction {
  readonly slots: number
  readonly functions: readonly string[]
}

/** What a worker hears from the callers of its queue and what it tells them, beside what becomes of the jobs. */
export class Control {
  readonly #server: BrokerConnection
  readonly #queue: Queue
  readonly #channel: Queue
  readonly #introduction: FromWorker['worker']
  /** What the workers of the queue have. */
  readonly functions = new FunctionsElsewhere()
  /** The reasons of cancels by the ids of jobs. */
  readonly #cancelled = new Map<string, unknown>()
  readonly #asked = new Map<string, PromiseWithResolvers<unknown>>()
  #lastRequest = 0
  #beat: Timer | undefined
  #gone = false

  private constructor(server: BrokerConnection, queue: Queue, { slots, functions }: Introduction) {
    this.#server = server
    this.#queue = queue
    this.#channel = server.queue(controlQueue(queue.name))
    this.#introduction = { id: crypto.randomUUID(), slots: String(slots), functions: fitting(functions) }
  }

  /** `cancel` is told of each cancel, and says whether the job is here. */
  static async start(
    server: BrokerConnection,
    queue: Queue,
    introduction: Introduction,
    cancel: (jobId: string, reason: unknown) => boolean,
    credit: (jobId: string, run: string, total: number) => void = () => {},
  ): Promise<Control> {
    const control = new Control(server, queue, introduction)
    // The others say what they have.
    server.hear(control.#channel, await server.publish(control.#channel, 'who'), control.#listeners(cancel, credit))
    return control
  }

  #listeners(
    cancel: (jobId: string, reason: unknown) => boolean,
    credit: (jobId: string, run: string, total: number) => void,
  ): EventListeners {
    return {
      credit: ({ jobId = '', run = '', total }) => credit(jobId, run, Number(total)),
      cancel: ({ jobId = '', reason = '' }) => {
        const told = readable(() => decodeThrown(reason))
        if (!cancel(jobId, told)) this.#remember(jobId, told)
      },
      who: () => void this.announce(),
      worker: ({ functions }) => this.functions.heard(namesOf(functions)),
      answer: ({ jobId = '', request = '', result, error }) => {
        const asked = this.#asked.get(`${jobId} ${request}`)
        if (asked === undefined) return
        if (error !== undefined) return asked.reject(readable(() => decodeThrown(error)))
        try {
          asked.resolve(decode(result ?? 'u', MAX_WORDS))
        } catch (failure) {
          asked.reject(failure)
        }
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
    await this.#introduce(this.#introduction)
  }

  /** To the callers and to the other workers. */
  async #introduce(introduction: FromWorker['worker']): Promise<void> {
    const fields = { ...introduction }
    await Promise.allSettled([this.#queue, this.#channel].map(each => this.#server.publish(each, 'worker', fields)))
  }

  /** Tells the caller of a job something of its stream. */
  async tell<E extends 'stream' | 'items'>(event: E, fields: FromWorker[E]): Promise<void> {
    await this.#server.publish(this.#queue, event, { ...fields })
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
      await this.#server.publish(this.#queue, 'ask', { jobId, request, what: text })
      return await asked.promise
    } finally {
      this.#asked.delete(`${jobId} ${request}`)
    }
  }

  /** The worker goes. */
  async leave(): Promise<void> {
    this.#gone = true
    this.#beat?.cancel()
    await this.#introduce({ ...this.#introduction, slots: '0' })
  }
}

/** What was thrown, or that it can't be read: a cancel is one all the same, and so is a refusal. */
function readable(decoded: () => unknown): unknown {
  try {
    return decoded()
  } catch (error) {
    return error
  }
}

/** As many names as fit into an event: calls of the others are given back less often where their worker is busy. */
function fitting(functions: readonly string[]): string {
  let left = MOST_NAMES
  return JSON.stringify(
    functions.filter(name => {
      left -= name.length + 3
      return left >= 0
    }),
  )
}
