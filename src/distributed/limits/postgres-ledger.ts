import type { Pool, QueryResult } from 'pg'
import { connectPostgres } from '../../connection/connect.ts'
import { ConnectionError, isTransient } from '../../connection/errors.ts'
import { openAnew } from '../../connection/persistence.ts'
import type { Server } from '../../connection/target.ts'
import type { Account, Answer, LeaseAccount, Ledger, Rule, SumAccount } from './ledger.ts'
import {
  beginInBucket,
  beginInWindow,
  DELETE_ENTRY,
  giveBackToBucket,
  giveBackToWindow,
  KEEP_ENTRY,
  RENEW_ENTRIES,
  takeEntry,
  takeFromBucket,
  takeFromWindow,
} from './postgres-statements.ts'
import { prepareTables } from './postgres-tables.ts'

/** For the first in line, and for what is given back meanwhile. */
const CONNECTIONS = 2

/** The states of SQL in which it is not about the question: connection, resources, rollback, shutting down, read-only. */
const PASSING = /^(08|53|40|57|25006|55P03)/

/** @param timeout milliseconds for connecting, and after which an answer is no longer expected */
export function openPostgres(server: Server, timeout: number, given: Rule): Promise<Ledger> {
  const options = { max: CONNECTIONS, query_timeout: timeout, ...server.options }
  return openAnew(server, timeout, left => open({ ...server, options }, left, given))
}

async function open(server: Server, timeout: number, given: Rule): Promise<Ledger> {
  const pool = await connectPostgres(server, timeout)
  try {
    await prepareTables(pool)
  } catch (cause) {
    void pool.end()
    if (isTransient(cause)) throw cause
    throw new ConnectionError(`${server.label} can't keep limits: ${(cause as Error).message}`, { cause })
  }
  const rule = { ...given, name: `${given.prefix}:limit:${given.name}:${given.kind}` }
  return { account: accountOf(rule, pool), lost, close: () => void pool.end() }
}

function accountOf(rule: Rule, pool: Pool): Account {
  switch (rule.kind) {
    case 'lease':
    case 'sliding-window':
      return new Entries(pool, rule)
    case 'fixed-window':
      return windows(pool, rule)
    default:
      return bucket(pool, rule)
  }
}

class Entries implements LeaseAccount {
  readonly #pool: Pool
  readonly #rule: Rule

  constructor(pool: Pool, rule: Rule) {
    this.#pool = pool
    this.#rule = rule
  }

  take(id: string, amount: number): Promise<Answer> {
    return ask(this.#pool, takeEntry(this.#rule, id, amount))
  }

  async keep(token: string, kept: number): Promise<void> {
    const { name } = this.#rule
    if (kept === 0) await this.#pool.query(DELETE_ENTRY, [name, token])
    else await this.#pool.query(KEEP_ENTRY, [name, token, kept])
  }

  async renew(held: ReadonlyMap<string, number>): Promise<void> {
    const { name, lasts } = this.#rule
    await this.#pool.query(RENEW_ENTRIES, [name, [...held.keys()], [...held.values()], lasts])
  }
}

function bucket(pool: Pool, rule: Rule): SumAccount {
  return {
    take: (_, amount) => ask(pool, takeFromBucket(rule, amount)),
    async keep(token, kept, held) {
      await pool.query(giveBackToBucket(rule, held - kept, token))
    },
    async begin(token, amount) {
      await pool.query(beginInBucket(rule, amount, token))
    },
  }
}

/** By the clock of the server: by that of the machine that asks, one whose clock is ahead would open the next window for all. */
function windows(pool: Pool, rule: Rule): SumAccount {
  return {
    take: (_, amount) => ask(pool, takeFromWindow(rule, amount)),
    async keep(token, kept, held) {
      await pool.query(giveBackToWindow(rule, held - kept, token))
    },
    async begin(token, amount) {
      await pool.query(beginInWindow(rule, amount, token))
    },
  }
}

/** The answer is that of the last statement before the `COMMIT`. */
async function ask(pool: Pool, message: string): Promise<Answer> {
  const results = (await pool.query(message)) as unknown as readonly QueryResult[]
  const answer: { readonly token: string | null; readonly wait: string | null } = results[results.length - 2]?.rows[0]
  const { token, wait } = answer
  return token === null ? { wait: Number(wait) } : { token }
}

/** Errors of the server have a state of five characters, those of the connection do not: `EPIPE` has no digit. */
function lost(error: unknown): boolean {
  const { code = '' } = Object(error) as { readonly code?: string }
  const state = /^(?=.*\d)[0-9A-Z]{5}$/.test(code)
  return state ? PASSING.test(code) : !(error instanceof TypeError)
}
