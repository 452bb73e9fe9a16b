import { startBackgroundTimer, type Timer } from '../../base/clock.ts'
import { isFinal } from '../../connection/connect.ts'
import { driverCode } from '../../connection/driver-errors.ts'
import { ConnectionError, refusalOf } from '../../connection/errors.ts'
import type { Account, Ledger } from './ledger.ts'

/** After so many milliseconds without a call the connection ends, so that it keeps no process alive. */
const IDLE = 1_000

/** The codes of a connection that was there. */
const LOST = /^(ECONNRESET|EPIPE)$/

/** The server was not there to answer: asking again may help. It stays inside. */
export class LostError extends Error {}

/** A connection that is there while it is used: the first call opens it, as does the first after a rest or a loss. */
export class Link {
  readonly #label: string
  readonly #open: () => Promise<Ledger>
  readonly #refusal = Promise.withResolvers<never>()
  readonly #calls = new Set<Promise<unknown>>()
  #ledger: Ledger | undefined
  #opening: Promise<Ledger> | undefined
  #idle: Timer | undefined
  /** A server that has counted once is waited for; one that never did is most likely the wrong one. */
  #reached = false
  /** A connection was lost before the server has counted. */
  #lostEarly = false
  #closed = false

  /** @param label how messages call what is counted there */
  constructor(label: string, open: () => Promise<Ledger>) {
    this.#label = label
    this.#open = open
    this.#refusal.promise.catch(() => {})
  }

  /** Rejects with {@link LostError} for what may be tried again, with {@link ConnectionError} for all else. */
  call<T>(ask: (account: Account) => Promise<T>): Promise<T> {
    this.#idle?.cancel()
    const call = this.#call(ask)
    this.#calls.add(call)
    const ended = () => {
      this.#calls.delete(call)
      if (this.#calls.size === 0) this.#idle = startBackgroundTimer(IDLE, () => this.#drop(this.#ledger))
    }
    call.then(ended, ended)
    return call
  }

  /** From now on nobody waits for a connection; one that is open serves on. */
  refuse(reason: ConnectionError): void {
    this.#closed = true
    this.#refusal.reject(reason)
  }

  /** Waits for the calls that are under way. */
  async close(): Promise<void> {
    while (this.#calls.size > 0) await Promise.allSettled(this.#calls)
    this.#idle?.cancel()
    this.#drop(this.#ledger)
  }

  async #call<T>(ask: (account: Account) => Promise<T>): Promise<T> {
    const ledger = this.#ledger ?? (await this.#opened())
    try {
      const answer = await ask(ledger.account)
      this.#reached = true
      return answer
    } catch (error) {
      // A replica, for one, answers each attempt to write, and always with the same.
      if (!ledger.lost(error) || !(this.#reached || this.#isChance(error)))
        throw refusalOf(`${this.#label} could not be counted`, error)
      this.#drop(ledger)
      throw new LostError('lost', { cause: error })
    }
  }

  /** It was open a moment ago. Once it may just have been lost; a server that always ends it is the wrong one. */
  #isChance(error: unknown): boolean {
    const first = !this.#lostEarly
    this.#lostEarly = true
    return first && LOST.test(driverCode(error) ?? '')
  }

  #opened(): Promise<Ledger> {
    if (!this.#closed) this.#opening ??= this.#connect()
    return Promise.race([this.#refusal.promise, ...(this.#opening === undefined ? [] : [this.#opening])])
  }

  async #connect(): Promise<Ledger> {
    try {
      const ledger = await this.#open()
      if (this.#closed) ledger.close()
      else this.#ledger = ledger
      return ledger
    } catch (error) {
      if (this.#reached && error instanceof ConnectionError && !isFinal(error.cause)) {
        throw new LostError('lost', { cause: error })
      }
      throw error
    } finally {
      this.#opening = undefined
    }
  }

  /** Once: several calls may learn of the same loss. */
  #drop(ledger: Ledger | undefined): void {
    if (ledger !== this.#ledger) return
    this.#ledger = undefined
    ledger?.close()
  }
}
