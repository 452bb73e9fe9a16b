import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { Ledger } from './ledger.ts'
import { countTokens, type Rules } from './rules.ts'

/** Every so many requests that are let in, one is answered 503. */
const UNAVAILABLE_EVERY = 10
/** Milliseconds until a request is looked at. */
const LATENCY = 30

/** An HTTP API on loopback: GET its rules, POST a prompt. It answers 429 above its rules, and 503 now and then. */
export class Api {
  readonly #server = createServer((request, response) => {
    // A client that has gone before the end of the prompt needs no answer.
    this.#answer(request, response).catch(() => response.destroy())
  })
  readonly #rules: Rules
  readonly #ledger: Ledger
  #admitted = 0
  /** How many requests were answered 429. */
  refused = 0
  /** How many requests were answered 503. */
  unavailable = 0

  private constructor(rules: Rules) {
    this.#rules = rules
    this.#ledger = new Ledger(rules)
  }

  /** Resolves when the API can be called. */
  static async start(rules: Rules): Promise<Api> {
    const api = new Api(rules)
    api.#server.listen(0, '127.0.0.1')
    await once(api.#server, 'listening')
    return api
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** The most that it has let in within any second. */
  get busiestSecond(): { readonly requests: number; readonly tokens: number } {
    return { requests: this.#ledger.mostRequests, tokens: this.#ledger.mostTokens }
  }

  /** Hangs up on everybody and resolves when the port is free. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET') return void response.end(JSON.stringify(this.#rules))
    const tokens = countTokens(await text(request))
    await setTimeout(LATENCY)
    // A client that has hung up is not worked for, and not charged.
    if (response.destroyed) return
    response.statusCode = this.#judge(tokens)
    response.end(JSON.stringify({ tokens }))
  }

  #judge(tokens: number): number {
    if (!this.#ledger.admit(tokens)) {
      this.refused += 1
      return 429
    }
    this.#admitted += 1
    if (this.#admitted % UNAVAILABLE_EVERY !== 0) return 200
    this.unavailable += 1
    return 503
  }
}
