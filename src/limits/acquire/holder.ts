import type { Excess, Permit, PermitSource } from './permit-source.ts'

/** For whom code runs that asks for a permit: a task. */
export interface Holder {
  /** What was taken for it, to be held to its end. */
  readonly permit: Permit | undefined
}

/** What limits have to know of tasks. */
export interface Holders {
  /** The task whose body is running in this async context. */
  current(): Holder | undefined
  /** The error with which it is told that it would wait for its own end. */
  deadlock(excess: Excess): Error
}

let holders: Holders | undefined

/** Where there are tasks, they say so: a limit alone carries nothing of them along. */
export function meetHolders(known: Holders): void {
  holders = known
}

/** What was taken for the task that runs in this async context. */
export function ownPermit(): Permit | undefined {
  return holders?.current()?.permit
}

/**
 * The error of a request that waits for what its own task holds to the end. What others hold, or the body has acquired
 * itself, may come back at any time.
 */
export function limitDeadlock(source: PermitSource): Error | undefined {
  const permit = ownPermit()
  const excess = permit && source.exceeds(permit)
  return excess && holders?.deadlock(excess)
}
