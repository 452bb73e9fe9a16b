import type { Line } from './admission.ts'
import type { Permit } from './permit.ts'

/** A request that has been made and can be called off; after it was granted or refused that does nothing. */
export interface Waiting {
  cancel(): void
}

/** What there is to hold when nothing waits. */
export const NOT_WAITING: Waiting = { cancel() {} }

/** The name of the method by which limits and semaphores hand out sources; not for users. */
export const PERMIT_SOURCE = Symbol('taskscope.source')

/** More than one's own permit leaves of something. */
export interface Excess {
  /** What it is called; nothing for a semaphore. */
  readonly key: string
  readonly asked: number
  readonly held: number
  readonly capacity: number
}

/** Something to ask for, checked and ready, as often as one likes: the callback face beneath promises and operations. */
export interface PermitSource<P extends Permit = Permit> {
  /** Whether {@link tryAcquire} can ever give anything: what is external can only be waited for. */
  readonly immediate: boolean
  /** The only line that it is asked in, if there is but one. */
  readonly line?: Line
  /** A permit if one is to be had at once without passing anybody. */
  tryAcquire(): P | undefined
  /**
   * Stands in line. Calls `granted` or `failed` once, perhaps before it returns, unless it is cancelled first; a permit
   * that comes too late for that goes back by itself. Neither may throw. A higher `priority` goes first.
   */
  acquire(granted: (permit: P) => void, failed: (error: unknown) => void, priority?: number): Waiting
  /**
   * Calls `told` once, perhaps before it returns, when all of it could be taken without passing anybody; takes nothing. Goes
   * behind all requests. Only for what is {@link immediate}.
   */
  whenRoom(told: () => void): Waiting
  /** Of what it asks for so much that it can't be granted before `held` is released; nothing if it can. */
  exceeds(held: Permit): Excess | undefined
}
