import { DeadlockError } from '../../base/errors.ts'
import { AsyncLocalStorage } from '../../base/platform.ts'
import type { Permit } from './permit.ts'
import type { PermitSource } from './permit-source.ts'

/** For whom code runs that asks for a permit: a task. */
export interface Holder {
  readonly label: string
  /** What was taken for it, to be held to its end. */
  readonly permit: Permit | undefined
}

/** The task whose body is running in this async context, as far as limits have to know. */
export const currentHolder = new AsyncLocalStorage<Holder>()

/** What was taken for the task that runs in this async context. */
export function ownPermit(): Permit | undefined {
  return currentHolder.getStore()?.permit
}

/**
 * The error of a request that waits for what its own task holds to the end. What others hold, or the body has acquired
 * itself, may come back at any time.
 */
export function limitDeadlock(source: PermitSource): DeadlockError | undefined {
  const permit = ownPermit()
  const excess = permit && source.exceeds(permit)
  if (excess === undefined) return undefined
  const { key, asked, held, capacity } = excess
  const limit = key === '' ? 'its limit' : `its limit ${JSON.stringify(key)}`
  return new DeadlockError(
    `${currentHolder.getStore()?.label} asks for ${asked} of ${limit}, of which ${held} of ${capacity} were taken for itself, and would wait for its own end: use what was taken (task.permit), or spawn it with cost: 'none' and acquire all of it inside`,
  )
}
