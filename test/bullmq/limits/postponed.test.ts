import { describe, expect, it, onTestFinished } from 'vitest'
import { DEMAND, type Demand } from '../../../src/admission/demand.ts'
import { TaskTimeoutError } from '../../../src/index.ts'
import type { LimitPermit } from '../../../src/limits/types.ts'
import { sharedOf } from './kinds.ts'
import { ownPrefix, SERVERS } from './servers.ts'

describe.each(SERVERS)('what was taken of a rate on %s for what has yet to begin', (name, connection) => {
  const prefix = ownPrefix()

  it('counts for as long as it has not', async () => {
    const open = (per: number) => {
      const limit = sharedOf('calls', 1, per, { connection, prefix, name })
      onTestFinished(() => limit.close())
      return limit
    }
    const limit = open(900)
    const demand = (limit as unknown as { [DEMAND](amounts: undefined, only: boolean): Demand<LimitPermit> })[DEMAND](
      undefined,
      false,
    )
    const { promise, resolve, reject } = Promise.withResolvers<LimitPermit>()
    demand.request(resolve, reject)
    const permit = await promise
    permit.postpone()
    await expect(limit.acquire({}, { timeout: 2_000 })).rejects.toThrow(TaskTimeoutError)
    permit.begin()
    await limit.acquire()
  })
})
