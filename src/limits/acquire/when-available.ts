import type { WaitOptions } from '../../base/wait-timeout.ts'
import { waitLimit, waitWithin } from '../../base/wait-timeout.ts'
import { limitDeadlock } from './holder.ts'
import type { PermitSource } from './permit-source.ts'

/** Resolves when `source` could be granted to a new request; what bounds the wait leaves nothing behind. */
export function whenAvailable(source: PermitSource, options: WaitOptions | undefined): Promise<void> {
  return waitWithin<void>(waitLimit(options), 'waiting for room', (resolve, reject) => {
    let there = false
    const waiting = source.whenRoom(() => {
      there = true
      resolve()
    })
    const deadlock = there ? undefined : limitDeadlock(source)
    if (deadlock !== undefined) reject(deadlock)
    return () => waiting.cancel()
  })
}
