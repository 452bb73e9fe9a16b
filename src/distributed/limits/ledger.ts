import type { RateAlgorithm } from '../../limits/algorithms/limit-algorithm.ts'

/** What the machines count by, and under which name. */
export interface Rule {
  /** `'lease'` for what is held, and comes back when it is no longer renewed. */
  readonly kind: RateAlgorithm | 'lease'
  readonly capacity: number
  /** Microseconds, whole: the `per` of a rate, or how long a lease lasts. */
  readonly lasts: number
  /** Where on the server. */
  readonly prefix: string
  readonly name: string
}

/** Taken, with what identifies it there; or not, with the milliseconds after which asking again may help. */
export type Answer = { readonly token: string } | { readonly wait: number }

/** The account of one limit on a server, by the clock of that server. */
export interface Account {
  /** Takes all of it or nothing. Where entries are kept, the same `id` taken again counts once. */
  take(id: string, amount: number): Promise<Answer>
  /** Gives back what is over `kept`, unless it has come back with time already. */
  keep(token: string, kept: number, held: number): Promise<void>
}

/** An account of what comes back with time, by sums: it does not know what was taken for whom. */
export interface SumAccount extends Account {
  /** What was taken begins only now: takes again what has come back of it, also where that is more than there is. */
  begin(token: string, amount: number): Promise<void>
}

/** An account of leases. */
export interface LeaseAccount extends Account {
  /** Has leases last again from now on; writes down those that have run out, since they are held all the same. */
  renew(held: ReadonlyMap<string, number>): Promise<void>
}

/** A connection to the server that keeps the account. */
export interface Ledger {
  readonly account: Account
  /** Whether an error of the account means that the server was not there to answer. */
  lost(error: unknown): boolean
  /** Ends the connection; requests that still wait for an answer get an error. */
  close(): void
}
