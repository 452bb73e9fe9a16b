import { LONGEST_TIMER } from '../../base/clock.ts'
import { finiteCapacity, interval, show } from '../../base/options.ts'
import { ConnectionError } from '../../connection/errors.ts'
import { serverOf } from '../../connection/target.ts'
import type { Permit } from '../../limits/acquire/permit-source.ts'
import {
  type Excess,
  NOT_WAITING,
  PERMIT_SOURCE,
  type PermitSource,
  SUPPLIES,
} from '../../limits/acquire/permit-source.ts'
import { cannotLookOn } from '../../limits/errors.ts'
import { KeyedLimit } from '../../limits/limit-base.ts'
import type { SingleLimit } from '../../limits/single-limit.ts'
import type { Amounts, LimitPermit } from '../../limits/types.ts'
import { nameOnServer } from '../options.ts'
import { Counter } from './counter.ts'
import type { Rule } from './ledger.ts'
import { Line } from './line.ts'
import { SharedPermit } from './permit.ts'
import { openPostgres } from './postgres-ledger.ts'
import { openRedis } from './redis-ledger.ts'
import type { SharedLimit, SharedLimitOptions } from './types.ts'

/** Others release a resource without a word: at most so many milliseconds pass before it is asked for again. */
const LOOK_AGAIN = 250

/** Milliseconds: some 30 years. The sum of longer ones and of the time is no exact number on a server any more. */
const LONGEST = 1e12

/** A limit that is counted on a server. */
export class ServerLimit extends KeyedLimit implements SharedLimit {
  readonly key: string
  readonly capacity: number
  readonly name: string
  readonly byDefault: 0 | 1
  readonly #limit: SingleLimit
  readonly #label: string
  readonly #counter: Counter
  readonly #line: Line
  #closing: Promise<void> | undefined

  constructor(limit: SingleLimit, options: SharedLimitOptions) {
    super()
    const { connection, name, connectTimeout = 10_000 } = options
    this.#limit = limit
    this.key = limit.key
    this.capacity = finiteCapacity('capacity of a shared limit', limit.capacity)
    this.byDefault = limit.member.byDefault
    this.name = nameOnServer('name', name)
    const rule = ruleOf(limit, options)
    const server = serverOf(connection)
    this.#label = `the shared limit ${show(name)} on ${server.label}`
    const timeout = Math.min(interval('connectTimeout', connectTimeout), LONGEST_TIMER)
    const open = server.kind === 'redis' ? openRedis : openPostgres
    this.#counter = new Counter(
      this.key,
      rule,
      this.#label,
      () => open(server, timeout, rule),
      () => this.#line.wake(),
      amount => this.#line.owe(amount, this.capacity),
    )
    this.#line = new Line(this.#counter, rule.kind === 'lease' ? soon : wait => wait)
  }

  [PERMIT_SOURCE](amounts: Amounts | undefined, only: boolean): PermitSource<LimitPermit> {
    // It checks them as it would for itself.
    this.#limit[PERMIT_SOURCE](amounts, only)
    const named = amounts !== undefined && Object.hasOwn(amounts, this.key)
    const amount = named ? (amounts[this.key] as number) : only ? 0 : 1
    return {
      immediate: false,
      tryAcquire: () => undefined,
      acquire: requester => {
        if (amount > 0) return this.#line.enter(amount, requester)
        requester.granted(new SharedPermit(this.#counter, '', 0))
        return NOT_WAITING
      },
      whenRoom: () => {
        throw cannotLookOn()
      },
      exceeds: permit => this.#exceeds(amount, permit),
    }
  }

  /** It counts on the server: whatever is forgotten here is remembered there. */
  [SUPPLIES](): readonly [] {
    return []
  }

  #exceeds(asked: number, permit: Permit): Excess | undefined {
    const held = this.#counter.returnable ? permit.holds(this.#counter) : 0
    if (held === 0 || held + asked <= this.capacity) return undefined
    return { key: this.key, asked, held, capacity: this.capacity }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    const reason = new ConnectionError(`${this.#label} was closed`)
    this.#counter.refuse(reason)
    await this.#line.close(reason)
    await this.#counter.close()
  }
}

function ruleOf(
  { capacity, rate }: SingleLimit,
  { name, prefix = 'taskscope', lease = 30_000 }: SharedLimitOptions,
): Rule {
  const { algorithm: kind, per } = rate ?? { algorithm: 'lease', per: interval('lease', lease) }
  return {
    kind,
    capacity,
    lasts: Math.ceil(Math.min(per, LONGEST) * 1_000),
    prefix: nameOnServer('prefix', prefix),
    name,
  }
}

/** Not all machines at the same time. */
function soon(wait: number): number {
  return Math.min(wait, LOOK_AGAIN) * (0.5 + Math.random() / 2)
}
