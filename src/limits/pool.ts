import { INSPECT, type Inspection, inspected } from '../base/inspect.ts'
import { oneOf, show } from '../base/options.ts'
import { ownPermit } from './acquire/holder.ts'
import type { Supply } from './acquire/line.ts'
import type { Permit } from './acquire/permit-source.ts'
import {
  type Excess,
  NOT_WAITING,
  PERMIT_SOURCE,
  type PermitSource,
  type Requester,
  SUPPLIES,
  type Waiting,
} from './acquire/permit-source.ts'
import { LimitBase } from './limit-base.ts'
import { checkLimit, permitSourceOf } from './permit-source-of.ts'
import type { Amounts, LimitPermit, LimitPool, Limits, LimitsStats } from './types.ts'

/** Whom a pool asks first: each member in its turn, or any. */
export type PoolOrder = 'round-robin' | 'random'

/**
 * Several ways to the same thing, say two accounts with a rate limit each: every request takes one of them. It begins with
 * the one whose turn it is and takes the first that has room; if none has, it waits in the line of the one it began with.
 *
 * Amounts are checked against every member, since each may be the one.
 *
 * ```ts
 * const accounts = limitPool([callLimit(20, 1_000), callLimit(50, 1_000)])
 * ```
 */
export function limitPool(members: readonly Limits[], order: PoolOrder = 'round-robin'): LimitPool {
  if (!Array.isArray(members)) throw new TypeError(`limits must be an array of limits, got ${show(members)}`)
  if (members.length === 0) throw new RangeError('limits must have at least one member, got an empty array')
  for (const member of members) checkLimit(member)
  return new Pool(members, oneOf('order', ['round-robin', 'random'], order))
}

/** Which member is asked first; its turn is over once it was made use of. */
interface Turns {
  readonly member: number
  over(): void
}

function roundRobin(count: number): Turns {
  let turn = 0
  return {
    get member() {
      return turn % count
    },
    over: () => void turn++,
  }
}

function random(count: number): Turns {
  return {
    get member() {
      return Math.floor(Math.random() * count)
    },
    over() {},
  }
}

class Pool extends LimitBase implements LimitPool {
  readonly #members: readonly Limits[]
  readonly #turns: Turns

  constructor(members: readonly Limits[], order: PoolOrder) {
    super()
    this.#members = members
    this.#turns = order === 'random' ? random(members.length) : roundRobin(members.length)
  }

  [PERMIT_SOURCE](amounts: Amounts | undefined, only: boolean, complete = false): PermitSource<LimitPermit> {
    const sources = this.#members.map(member => permitSourceOf(member, amounts, only, complete))
    return new PoolSource(this.#members, sources, this.#turns)
  }

  [SUPPLIES](of: (member: Limits) => readonly Supply[]): readonly Supply[] {
    return this.#members.flatMap(of)
  }

  /** @internal */
  [INSPECT](...inspection: Inspection): string {
    return inspected('LimitPool', this.stats(), ...inspection)
  }

  stats(): readonly (LimitsStats | undefined)[] {
    return this.#members.map(member => ('stats' in member ? member.stats() : undefined))
  }
}

class PoolSource implements PermitSource<LimitPermit> {
  readonly immediate: boolean
  readonly #members: readonly Limits[]
  readonly #sources: readonly PermitSource<LimitPermit>[]
  readonly #turns: Turns

  constructor(members: readonly Limits[], sources: readonly PermitSource<LimitPermit>[], turns: Turns) {
    this.#members = members
    this.#sources = sources
    this.#turns = turns
    this.immediate = sources.some(source => source.immediate)
  }

  tryAcquire(): LimitPermit | undefined {
    const permit = this.#takeFrom(this.#turns.member)
    // Who gets nothing here asks again, to wait: two turns for that would have every second member never waited for.
    if (permit !== undefined) this.#turns.over()
    return permit
  }

  acquire(requester: Requester<LimitPermit>, priority?: number): Waiting {
    const first = this.#turns.member
    this.#turns.over()
    const permit = this.#takeFrom(first)
    if (permit === undefined) {
      const chosen = this.#waitFor(first)
      const granted = (each: LimitPermit) => requester.granted(this.#permit(each, chosen))
      return this.#source(chosen).acquire({ granted, refused: error => requester.refused(error) }, priority)
    }
    requester.granted(permit)
    return NOT_WAITING
  }

  whenRoom(told: () => void): Waiting {
    const waiting: Waiting[] = []
    const cancel = () => {
      for (const each of waiting) each.cancel()
    }
    let there = false
    for (const source of this.#sources) {
      if (there || !source.immediate) continue
      waiting.push(
        source.whenRoom(() => {
          if (there) return
          there = true
          cancel()
          told()
        }),
      )
    }
    if (there) cancel()
    return { cancel }
  }

  exceeds(held: Permit): Excess | undefined {
    const all = this.#sources.map(source => source.exceeds(held))
    return all.every(excess => excess !== undefined) ? all[0] : undefined
  }

  /** The first that does not wait for what the asking task holds itself. */
  #waitFor(first: number): number {
    const held = ownPermit()
    if (held === undefined) return first
    for (let i = 0; i < this.#sources.length; i++) {
      if (this.#source(first + i).exceeds(held) === undefined) return (first + i) % this.#sources.length
    }
    return first
  }

  #source(index: number): PermitSource<LimitPermit> {
    return this.#sources[index % this.#sources.length] as PermitSource<LimitPermit>
  }

  #permit(permit: LimitPermit, member: number): LimitPermit {
    return new PoolPermit(permit, member, this.#members[member] as Limits)
  }

  #takeFrom(first: number): LimitPermit | undefined {
    for (let i = 0; i < this.#sources.length; i++) {
      const permit = this.#source(first + i).tryAcquire()
      if (permit !== undefined) return this.#permit(permit, (first + i) % this.#sources.length)
    }
    return undefined
  }
}

/** A permit of one member of a pool, which says of which. */
class PoolPermit implements LimitPermit {
  readonly member: number
  readonly limit: Limits
  readonly #permit: LimitPermit

  constructor(permit: LimitPermit, member: number, limit: Limits) {
    this.#permit = permit
    this.member = member
    this.limit = limit
  }

  get released(): boolean {
    return this.#permit.released
  }

  update(amounts: Amounts): void {
    this.#permit.update(amounts)
  }

  settle(amounts: Amounts): void {
    this.#permit.settle(amounts)
  }

  release(): void {
    this.#permit.release()
  }

  refund(): void {
    this.#permit.refund()
  }

  postpone(): void {
    this.#permit.postpone()
  }

  begin(): void {
    this.#permit.begin()
  }

  holds(source: object): number {
    return this.#permit.holds(source)
  }

  [Symbol.dispose](): void {
    this.#permit.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#permit[Symbol.asyncDispose]()
  }
}
