import { describe, expect, it } from 'vitest'
import type { RateAlgorithm } from '../../src/index.ts'
import { limitPool, limits, rateLimit, resourceLimit } from '../../src/index.ts'
import { PERMIT_SOURCE, type PermitSource } from '../../src/limits/acquire/permit-source.ts'
import type { LimitPermit } from '../../src/limits/types.ts'
import { autojump } from '../harness.ts'
import { elapse } from '../invariants/work.ts'

const ALGORITHMS: readonly RateAlgorithm[] = ['sliding-window', 'fixed-window', 'token-bucket', 'leaky-bucket', 'gcra']

function takerOf(limit: object): PermitSource<LimitPermit> {
  return (limit as { [PERMIT_SOURCE](amounts: undefined, only: boolean): PermitSource<LimitPermit> })[PERMIT_SOURCE](
    undefined,
    false,
  )
}

describe.each(ALGORITHMS)('what was taken of a %s for what has yet to begin', algorithm => {
  const rate = (capacity: number) => rateLimit({ key: 'calls', capacity, per: 100, algorithm })

  it('counts for as long as it has not, and then for its time', async () => {
    await autojump(async () => {
      const limit = rate(1)
      const permit = takerOf(limit).tryAcquire() as LimitPermit
      permit.postpone()
      const begun = performance.now()
      const next = limit.acquire().then(() => performance.now() - begun)
      await elapse(1_000)
      expect(limit.stats()).toMatchObject({ used: 1, waiting: 1 })
      permit.begin()
      permit.begin()
      expect(await next).toBeCloseTo(1_100, 0)
    })
  })

  it('comes back when it never does, and what was not needed at once', async () => {
    await autojump(async () => {
      const limit = rate(4)
      const permit = takerOf(limits([limit])).tryAcquire() as LimitPermit
      const other = takerOf(limit).tryAcquire() as LimitPermit
      permit.postpone()
      other.postpone()
      await elapse(500)
      expect(limit.stats().used).toBe(2)
      permit.update({ calls: 0 })
      expect(limit.stats().used).toBe(1)
      other.release()
      permit.begin()
      other.begin()
      expect(limit.stats().used).toBe(0)
      expect(await limit.acquire({ calls: 4 })).toMatchObject({ released: false })
    })
  })
})

describe('a rate in a set', () => {
  it('that is granted before another member counts from the end of the wait for that', async () => {
    await autojump(async () => {
      const db = resourceLimit({ key: 'db', capacity: 6 })
      const rate = rateLimit({ key: 'calls', capacity: 3, per: 100 })
      const set = limits([limitPool([rate]), db])
      const held = await db.acquire({ db: 6 })
      const starts: number[] = []
      const all = Array.from({ length: 6 }, async () => {
        await set.acquire()
        starts.push(performance.now())
      })
      await elapse(250)
      held.release()
      await Promise.all(all)
      expect((starts[3] as number) - (starts[0] as number)).toBeGreaterThanOrEqual(100)
    })
  })
})
