import { describe, expect, it, onTestFinished } from 'vitest'
import type { SharedLimit } from '../../../src/distributed/limits/types.ts'
import { TaskTimeoutError } from '../../../src/index.ts'
import { PERMIT_SOURCE, type PermitSource } from '../../../src/limits/acquire/permit-source.ts'
import type { LimitPermit } from '../../../src/limits/types.ts'
import { type Kind, sharedOf } from './kinds.ts'
import { ownPrefix, SERVERS } from './servers.ts'

describe.each(SERVERS)('what was taken of a rate on %s for what has yet to begin', (name, connection) => {
  const prefix = ownPrefix()

  const open = (kind: Kind, capacity: number, per: number) => {
    const limit = sharedOf(kind, capacity, per, { connection, prefix, name: `${name} ${kind}` })
    onTestFinished(() => limit.close())
    return limit
  }

  it('counts for as long as it has not, of a sliding window', async () => {
    const limit = open('calls', 1, 3_000)
    const permit = await granted(limit)
    permit.postpone()
    await expect(limit.acquire({}, { timeout: 6_000 })).rejects.toThrow(TaskTimeoutError)
    permit.begin()
    await limit.acquire()
  })

  it.each(['token-bucket', 'leaky-bucket', 'gcra'] as const)('is taken again at its beginning: %s', async kind => {
    const limit = open(kind, 1, 300)
    const start = performance.now()
    const permit = await granted(limit)
    permit.postpone()
    await limit.acquire()
    permit.begin()
    await permit[Symbol.asyncDispose]()
    await limit.acquire()
    // One for each of the three before it: no clock of a server is exact to the millisecond here.
    expect(performance.now() - start).toBeGreaterThan(3 * 300 - 10)
  })

  it('is taken in the window of its beginning, once', async () => {
    const [short, long] = [open('fixed-window', 4, 50), open('fixed-window', 4, 3_600_000)]
    const permit = await granted(short)
    permit.postpone()
    await long.acquire({ units: 4 }).then(taken => taken.update({ units: 1 }))
    const another = await granted(long)
    another.postpone()
    await null
    for (const each of [permit, another]) {
      each.begin()
      await each[Symbol.asyncDispose]()
    }
    await long.acquire({ units: 1 }, { timeout: 10_000 })
    await expect(long.acquire({ units: 1 }, { timeout: 300 })).rejects.toThrow(TaskTimeoutError)
  })
})

/** A permit of one, with what only a manager may do with it. */
function granted(limit: SharedLimit): Promise<LimitPermit> {
  const maker = limit as unknown as { [PERMIT_SOURCE](amounts: undefined, only: boolean): PermitSource<LimitPermit> }
  return new Promise((resolve, reject) => {
    maker[PERMIT_SOURCE](undefined, false).acquire({ granted: resolve, refused: reject })
  })
}
