import { type Known, requiredOptions, show } from '../../base/options.ts'
import { SingleLimit } from '../../limits/single-limit.ts'
import type { Limit } from '../../limits/types.ts'
import { ServerLimit } from './server-limit.ts'
import type { SharedLimit, SharedLimitOptions } from './types.ts'

const SHARED_LIMIT_OPTIONS: Known<SharedLimitOptions> = {
  connection: true,
  name: true,
  prefix: true,
  connectTimeout: true,
  lease: true,
}

/**
 * Counts a limit on a server, for all machines together: never more than its capacity among them. Use it wherever a limit
 * goes: for a task, in a set or a pool, or by itself.
 *
 * - Time is the server's: it does not matter what clocks the machines have.
 * - Those who wait in one process are served first come, first served; who is next among several processes is chance, so
 *   that one who asks for much can be passed by others who ask for little.
 * - Who has to wait for a rate sleeps for as long as the server says. What another process gives back by an update meanwhile
 *   is noticed after that.
 * - A rate comes back with time, a resource with the release of its permit, or `lease` milliseconds after its machine was
 *   last heard of. A machine that freezes for longer than that does not learn that others have what it held.
 * - What a task has taken of a rate counts from its start, also where the task was held up after it was taken. Meanwhile a
 *   sliding window goes on counting it. Of a bucket or a fixed window it comes back with time, and is taken again at the start,
 *   if that is more than there is in advance: starts may then exceed the capacity once, by what was held up, and no others
 *   start until that is made up for.
 * - Windows of `fixed-window` begin with the first use after the last one has ended.
 * - Permits tell the server in the background. When that fails it goes to `console.error`, and what could not be given back
 *   comes back by itself.
 * - Without calls for a second the connection ends until the next one, so that it keeps no process alive.
 *
 * The limit is only the rule: it counts nothing itself, and may be used beside this for what is local.
 *
 * ```ts
 * const api = shared(rateLimit({ key: 'requests', capacity: 100, per: 1_000 }), {
 *   connection: 'redis://10.0.0.5',
 *   name: 'api',
 * })
 * manager.spawn(work, { limits: api, cost: { requests: 2 } })
 * await using permit = await api.acquire({ requests: 2 }, { timeout: 5_000 })
 * ```
 *
 * @param limit made by `callLimit`, `rateLimit` or `resourceLimit`, of a finite capacity
 */
export function shared(limit: Limit, options: SharedLimitOptions): SharedLimit {
  if (!(limit instanceof SingleLimit)) {
    throw new TypeError(`limit must be made by callLimit, rateLimit or resourceLimit, got ${show(limit)}`)
  }
  return new ServerLimit(limit, requiredOptions('options', options, SHARED_LIMIT_OPTIONS))
}
