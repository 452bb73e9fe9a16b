import { waitLimit, waitWithin } from '../../base/wait-timeout.ts'
import { limitDeadlock } from '../../task/limit-deadlock.ts'
import type { WaitOptions } from '../../task/types.ts'
import type { Demand } from './demand.ts'

/** Resolves when `demand` could be granted to somebody new; what bounds the wait leaves nothing behind. */
export function whenAvailable(demand: Demand, options: WaitOptions | undefined): Promise<void> {
  return waitWithin<void>(waitLimit(options), 'waiting for room', (resolve, reject) => {
    let there = false
    const waiting = demand.whenRoom(() => {
      there = true
      resolve()
    })
    const deadlock = there ? undefined : limitDeadlock(demand)
    if (deadlock !== undefined) reject(deadlock)
    return () => waiting.cancel()
  })
}
