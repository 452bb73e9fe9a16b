import { now, startBackgroundTimer } from '../../base/clock.ts'
import { retryDelay } from '../../connection/connect.ts'
import { Rarely, timesSince } from '../../connection/connection-report.ts'
import type { ConnectionError } from '../../connection/errors.ts'
import { Leases } from './leases.ts'
import type { Answer, LeaseAccount, Ledger, Rule, SumAccount } from './ledger.ts'
import { Link, LostError } from './link.ts'
import type { Holder } from './permit.ts'
import { SharedPermit } from './permit.ts'

/** What is taken from a server and given back to it. */
export class Counter implements Holder {
  readonly key: string
  readonly returnable: boolean
  readonly #label: string
  /** Milliseconds after which anything taken has come back by itself. */
  readonly #lasts: number
  readonly #link: Link
  readonly #leases: Leases | undefined
  readonly #returned: () => void
  readonly #owe: (amount: number) => void
  readonly #troubles = new Rarely()
  #closed = false

  /**
   * @param returned is called when something has come back before its time
   * @param owe is to take something as soon as it is there
   */
  constructor(
    key: string,
    rule: Rule,
    label: string,
    open: () => Promise<Ledger>,
    returned: () => void,
    owe: (amount: number) => void,
  ) {
    this.key = key
    this.#label = label
    this.#lasts = rule.lasts / 1_000
    this.#link = new Link(label, open)
    this.#returned = returned
    this.#owe = owe
    this.returnable = rule.kind === 'lease'
    if (this.returnable || rule.kind === 'sliding-window')
      this.#leases = new Leases(held => this.#renew(held), this.#lasts / 3)
  }

  take(id: string, amount: number): Promise<Answer> {
    return this.#link.call(account => account.take(id, amount))
  }

  permit(token: string, amount: number): SharedPermit {
    if (this.returnable) this.#leases?.hold(token, amount)
    return new SharedPermit(this, token, amount)
  }

  /** Of a bucket or a fixed window nothing is kept: what has come back by its beginning is taken again then. */
  postpone(token: string, amount: number): void {
    this.#leases?.hold(token, amount)
  }

  async begin(token: string, amount: number): Promise<void> {
    if (this.#leases === undefined) return this.#beginLate(token, amount)
    await this.#leases.keep(token, 0)
    await this.#renew(new Map([[token, amount]]))
  }

  owe(amount: number): void {
    this.#owe(amount)
  }

  async keep(token: string, kept: number, held: number): Promise<void> {
    if (this.#closed) return
    await this.#leases?.keep(token, kept)
    const tell = async () => {
      await this.#link.call(account => account.keep(token, kept, held))
      this.#returned()
    }
    try {
      await tell()
    } catch (error) {
      // What became of the first attempt is not known. A lease can be given back twice, a rate would then be had twice.
      if (error instanceof LostError && this.returnable) this.#tryAgain(tell)
      else this.#report('give back', error)
    }
  }

  /** From now on nobody waits for a connection; the one that is open serves on until {@link close}. */
  refuse(reason: ConnectionError): void {
    this.#link.refuse(reason)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#leases?.close()
    await this.#link.close()
  }

  /** Until it would have come back by itself. Nobody waits for it, so it keeps no process alive. */
  #tryAgain(tell: () => Promise<void>, since = now(), attempt = 0): void {
    startBackgroundTimer(retryDelay(attempt), async () => {
      try {
        if (!this.#closed) await tell()
      } catch (error) {
        const again = error instanceof LostError && now() - since < this.#lasts
        if (again) this.#tryAgain(tell, since, attempt + 1)
        else this.#report('give back', error)
      }
    })
  }

  async #renew(held: ReadonlyMap<string, number>): Promise<void> {
    try {
      await this.#link.call(account => (account as LeaseAccount).renew(held))
    } catch (error) {
      // A server that is gone counts nothing; the next renewal finds it again.
      if (!(error instanceof LostError || this.#closed)) this.#report('renew', error)
    }
  }

  async #beginLate(token: string, amount: number): Promise<void> {
    try {
      await this.#link.call(account => (account as SumAccount).begin(token, amount))
    } catch (error) {
      if (!(error instanceof LostError || this.#closed)) this.#report('count anew', error)
    }
  }

  /** A failure must neither hide the error that may be on its way nor get lost. */
  #report(what: string, error: unknown): void {
    if (this.#closed) return
    const reason = error instanceof LostError ? error.cause : error
    const text = `taskscope: ${this.#label} failed to ${what} what was taken; it comes back by itself`
    this.#troubles.say(what, since => console.error(`${text}${timesSince(since)}`, reason))
  }
}
