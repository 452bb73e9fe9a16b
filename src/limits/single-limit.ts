import { preciseNow } from '../base/clock.ts'
import { INSPECT, type Inspection, inspected } from '../base/inspect.ts'
import { capacity } from '../base/options.ts'
import { keepResident } from '../base/resident.ts'
import { Supply } from './acquire/line.ts'
import { PERMIT_SOURCE, type PermitSource, SUPPLIES } from './acquire/permit-source.ts'
import { type RoomEvent, RoomWatch } from './acquire/room-watch.ts'
import { Concurrency } from './algorithms/concurrency.ts'
import type { LimitAlgorithm, RateAlgorithm } from './algorithms/limit-algorithm.ts'
import { LimitBase } from './limit-base.ts'
import { type Member, Members } from './members.ts'
import type { Amounts, Limit, LimitPermit, LimitStats } from './types.ts'

/** How a rate counts; a resource has none. */
export interface Rate {
  readonly algorithm: RateAlgorithm
  readonly per: number
}

/** One algorithm with a name. */
export class SingleLimit extends LimitBase implements Limit {
  readonly key: string
  /** How it takes part in a set. */
  readonly member: Member
  /** For those who count by the same rule elsewhere. */
  readonly rate: Rate | undefined
  readonly #alone: Members

  /** @param byDefault how much of it is taken in a set that is not told; alone it is always 1 */
  constructor(key: string, algorithm: LimitAlgorithm, byDefault: 0 | 1, rate?: Rate) {
    super()
    this.key = key
    this.rate = rate
    this.member = { supply: new Supply(algorithm, key), byDefault }
    this.#alone = new Members([{ supply: this.member.supply, byDefault: 1 }])
  }

  [PERMIT_SOURCE](amounts: Amounts | undefined, only: boolean): PermitSource<LimitPermit> {
    return this.#alone.source(amounts, only)
  }

  [SUPPLIES](): readonly Supply[] {
    return [this.member.supply]
  }

  /** @internal */
  [INSPECT](...inspection: Inspection): string {
    const { key, capacity } = this
    return inspected('Limit', { key, capacity, ...this.stats() }, ...inspection)
  }

  get capacity(): number {
    return this.member.supply.algorithm.capacity
  }

  set capacity(value: number) {
    this.member.supply.resize(capacity('capacity', value))
  }

  on(event: RoomEvent, listener: () => unknown): () => void {
    return RoomWatch.listen(this.member.supply, event, listener)
  }

  stats(): LimitStats {
    const { supply } = this.member
    const { waiting } = supply
    const used = supply.used(preciseNow())
    return { used, available: Math.max(0, this.capacity - used), waiting, utilisation: used / this.capacity }
  }
}

const resident = new SingleLimit('', new Concurrency(1), 1)
keepResident(resident, resident.acquire(), resident.acquire())
