import { preciseNow } from '../../base/clock.ts'
import { INSPECT, type Inspection, inspected } from '../../base/inspect.ts'
import { callback } from '../../base/options.ts'
import type { Supply, SupplyWatch } from '../acquire/line.ts'
import { SUPPLIES } from '../acquire/permit-source.ts'
import { checkLimit } from '../permit-source-of.ts'
import type { Limits } from '../types.ts'
import { KeptLimit, RememberedLimits } from './remembered.ts'

/** A limit for each key: see {@link perKey}. */
export interface LimitPerKey<K, L extends Limits> {
  /** The limit of this key, made now if there is none. Throws what making it throws, and keeps nothing then. */
  (key: K): L
  /** How many there are: those in use, those that remember something, and what no garbage collection has taken yet. */
  readonly size: number
}

/**
 * A limit of its own for each host, customer, account …: the function it returns gives the limit of a key, always the same
 * one, which `make` makes when it is first asked for.
 *
 * - It is there as long as anybody has hold of it, as a task that waits or runs does, a permit, a request or a variable of
 *   yours, and until the windows of its rates are over; nothing that counts is forgotten. Then it is dropped, by the garbage
 *   collector, and with it what else was set on it, such as its `capacity`. Its key is one of a `Map`.
 * - Tasks that wait for the limit of one key hold up those of no other, and cost them nothing, however many they are. Give a
 *   key fewer than there are slots: who has all it may have needs no more of them.
 * - What several keys share goes into a set with it: `perKey(host => limits([callLimit(5, 1_000), inAll]))`.
 * - `make` may give whatever limits, a {@link Semaphore} or one that is `shared` by machines, but none that is external, also not
 *   within a set: when such a one is no longer needed, nobody can tell. That is a `TypeError`.
 *
 * ```ts
 * const perHost = perKey((host: string) => callLimit(10, 1_000))
 * manager.spawn(({ signal }) => fetch(url, { signal }), { limits: perHost(url.host) })
 * manager.map(urls, fetchPage, { limits: url => perHost(url.host) })
 *
 * const lockOf = perKey((_account: string) => new Semaphore(1))
 * await lockOf('alice').use(() => transfer())
 * ```
 *
 * @param make makes the limit of a key
 */
export function perKey<K, L extends Limits>(make: (key: K) => L): LimitPerKey<K, L> {
  const table = new LimitTable(callback('make', make))
  const limitOf = (key: K): L => table.limitOf(key)
  const told = (...inspection: Inspection) => inspected('LimitPerKey', { size: table.size }, ...inspection)
  Object.defineProperty(limitOf, INSPECT, { value: told })
  return Object.defineProperty(limitOf, 'size', { get: () => table.size }) as LimitPerKey<K, L>
}

/** What several limits count by is kept by the user who made it. */
const SHARED: SupplyWatch = { changed() {} }

/**
 * All is weak here: tasks, permits and requests lead to a supply, and that to its limit. So nobody has to be told when the
 * last of them goes, and the one limit of a key can be no other as long as the old one can still be used.
 */
class LimitTable<K, L extends Limits> {
  readonly #make: (key: K) => L
  readonly #limits = new Map<K, WeakRef<L>>()
  readonly #remembered = new RememberedLimits()
  readonly #own = new WeakSet<SupplyWatch>()
  readonly #collected = new FinalizationRegistry<K>(key => {
    // By now there may be a new one.
    if (this.#known(key) === undefined) this.#limits.delete(key)
  })

  constructor(make: (key: K) => L) {
    this.#make = make
  }

  get size(): number {
    return this.#limits.size
  }

  limitOf(key: K): L {
    return this.#known(key) ?? this.#made(key)
  }

  #known(key: K): L | undefined {
    return this.#limits.get(key)?.deref()
  }

  #made(key: K): L {
    const limit = this.#make(key)
    const supplies = suppliesOf(limit)
    // Making it may have asked for it.
    const meanwhile = this.#known(key)
    if (meanwhile !== undefined) return meanwhile
    this.#limits.set(key, new WeakRef(limit))
    this.#collected.register(limit, key)
    this.#keep(limit, supplies)
    return limit
  }

  #keep(limit: L, supplies: readonly Supply[]): void {
    const free = supplies.filter(supply => this.#claimable(supply))
    const kept = new KeptLimit(limit, free, this.#remembered)
    this.#own.add(kept)
    for (const supply of free) supply.keeper = kept
    if (kept.remembersUntil(preciseNow()) !== undefined) kept.changed()
  }

  /** Whether a supply belongs to no other limit. What another table keeps stays there, and what two keys have is neither's. */
  #claimable(supply: Supply): boolean {
    if (supply.keeper === undefined) return true
    if (this.#own.has(supply.keeper)) supply.keeper = SHARED
    return false
  }
}

type Own = { readonly [SUPPLIES]?: (of: typeof suppliesOf) => readonly Supply[] }

function suppliesOf(limit: Limits): readonly Supply[] {
  checkLimit(limit)
  const supplies = (limit as Own)[SUPPLIES]?.(suppliesOf)
  if (supplies !== undefined) return supplies
  throw new TypeError(
    'perKey cannot tell when an external limit is no longer needed: keep one for each key yourself, in a Map, and give it as `limits`',
  )
}
