import type { Redis } from 'ioredis'
import { connectRedis } from '../../connection/connect.ts'
import { driverCode } from '../../connection/driver-errors.ts'
import type { Server } from '../../connection/target.ts'
import type { Account, Answer, LeaseAccount, Ledger, Rule, SumAccount } from './ledger.ts'
import {
  BEGIN_BUCKET,
  BEGIN_WINDOW,
  KEEP_BUCKET,
  KEEP_ENTRY,
  KEEP_WINDOW,
  RENEW_ENTRIES,
  TAKE_BUCKET,
  TAKE_ENTRY,
  TAKE_WINDOW,
} from './redis-scripts.ts'

/** What Redis says while it starts, hands over or is busy: not of the question, and not for good. */
const PASSING = /^(LOADING|MASTERDOWN|READONLY|TRYAGAIN|CLUSTERDOWN|BUSY)$/

/** @param timeout milliseconds for connecting, and after which an answer is no longer expected */
export async function openRedis(server: Server, timeout: number, rule: Rule): Promise<Ledger> {
  // It answers before it is used, and is not mended: there is nothing to check, and INFO may be forbidden.
  const options = { commandTimeout: timeout, ...server.options, enableReadyCheck: false }
  const redis = await connectRedis({ ...server, options }, timeout)
  // Once lost it is not mended but made anew by the next call. The driver would send again what may have been done already,
  // and what is given back twice would be had twice.
  redis.options.retryStrategy = () => null
  redis.on('error', () => {})
  try {
    return {
      account: accountOf(rule, redis),
      lost: error => !(error instanceof TypeError) && !(isReply(error) && !PASSING.test(driverCode(error) ?? '')),
      close: () => redis.disconnect(),
    }
  } catch (error) {
    redis.disconnect()
    throw error
  }
}

function accountOf(rule: Rule, redis: Redis): Account {
  switch (rule.kind) {
    case 'lease':
    case 'sliding-window':
      return new Entries(redis, rule)
    case 'fixed-window':
      return new Windows(redis, rule)
    default:
      return new Bucket(redis, rule)
  }
}

/** One key in all, so that a cluster keeps what belongs together on one node. */
function keyOf({ prefix, name, kind }: Rule, part = ''): string {
  return `{${prefix}:limit:${name}}:${kind}${part}`
}

class Entries implements LeaseAccount {
  readonly #keys: readonly [string, string]
  readonly #rule: Rule
  readonly #take: Script<[taken: 0 | 1, wait: number]>
  readonly #keep: Script
  readonly #renew: Script

  constructor(redis: Redis, rule: Rule) {
    this.#keys = [keyOf(rule), keyOf(rule, ':amounts')]
    this.#rule = rule
    this.#take = script(redis, 'taskscopeTakeEntry', 2, TAKE_ENTRY)
    this.#keep = script(redis, 'taskscopeKeepEntry', 2, KEEP_ENTRY)
    this.#renew = script(redis, 'taskscopeRenewEntries', 2, RENEW_ENTRIES)
  }

  async take(id: string, amount: number): Promise<Answer> {
    const { capacity, lasts } = this.#rule
    const [taken, wait] = await this.#take(...this.#keys, id, amount, capacity, lasts)
    return taken === 1 ? { token: id } : { wait }
  }

  async keep(token: string, kept: number): Promise<void> {
    await this.#keep(...this.#keys, token, kept)
  }

  async renew(held: ReadonlyMap<string, number>): Promise<void> {
    await this.#renew(...this.#keys, this.#rule.lasts, ...[...held].flat())
  }
}

class Bucket implements SumAccount {
  readonly #key: string
  readonly #rule: Rule
  readonly #take: Script<[at: string, wait: number]>
  readonly #keep: Script
  readonly #begin: Script

  constructor(redis: Redis, rule: Rule) {
    this.#key = keyOf(rule)
    this.#rule = rule
    this.#take = script(redis, 'taskscopeTakeBucket', 1, TAKE_BUCKET)
    this.#keep = script(redis, 'taskscopeKeepBucket', 1, KEEP_BUCKET)
    this.#begin = script(redis, 'taskscopeBeginBucket', 1, BEGIN_BUCKET)
  }

  async take(_: string, amount: number): Promise<Answer> {
    const { lasts, capacity } = this.#rule
    const [at, wait] = await this.#take(this.#key, lasts, capacity, amount)
    return at === '' ? { wait } : { token: at }
  }

  async keep(token: string, kept: number, held: number): Promise<void> {
    const { lasts, capacity } = this.#rule
    await this.#keep(this.#key, lasts, capacity, held - kept, token)
  }

  async begin(token: string, amount: number): Promise<void> {
    const { lasts, capacity } = this.#rule
    await this.#begin(this.#key, lasts, capacity, amount, token)
  }
}

class Windows implements SumAccount {
  readonly #key: string
  readonly #rule: Rule
  readonly #take: Script<[ends: string, wait: number]>
  readonly #keep: Script
  readonly #begin: Script

  constructor(redis: Redis, rule: Rule) {
    this.#key = keyOf(rule)
    this.#rule = rule
    this.#take = script(redis, 'taskscopeTakeWindow', 1, TAKE_WINDOW)
    this.#keep = script(redis, 'taskscopeKeepWindow', 1, KEEP_WINDOW)
    this.#begin = script(redis, 'taskscopeBeginWindow', 1, BEGIN_WINDOW)
  }

  async take(_: string, amount: number): Promise<Answer> {
    const { lasts, capacity } = this.#rule
    const [ends, wait] = await this.#take(this.#key, lasts, capacity, amount)
    return ends === '' ? { wait } : { token: ends }
  }

  async keep(token: string, kept: number, held: number): Promise<void> {
    await this.#keep(this.#key, held - kept, token)
  }

  async begin(token: string, amount: number): Promise<void> {
    await this.#begin(this.#key, amount, token, this.#rule.lasts)
  }
}

type Script<R = unknown> = (...args: readonly (string | number)[]) => Promise<R>

/** Sent whole once, by its hash from then on. */
function script<R>(redis: Redis, name: string, numberOfKeys: number, lua: string): Script<R> {
  redis.defineCommand(name, { numberOfKeys, lua })
  const commands = redis as unknown as Readonly<Record<string, Script<R>>>
  return (...args) => (commands[name] as Script<R>).call(redis, ...args)
}

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}
