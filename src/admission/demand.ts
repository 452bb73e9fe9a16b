import type { Permit } from './permit.ts'

/** A request that has been made and can be called off; after it was granted or refused that does nothing. */
export interface Waiting {
  cancel(): void
}

/** What there is to hold when nothing waits. */
export const NOT_WAITING: Waiting = { cancel() {} }

/** The name of the method by which limits and semaphores hand out demands; not for users. */
export const DEMAND = Symbol('taskscope.demand')

/** Something to ask for, checked and ready, as often as one likes: the callback face beneath promises and operations. */
export interface Demand<P extends Permit = Permit> {
  /** Whether {@link take} can ever give anything: what is foreign can only be waited for. */
  readonly immediate: boolean
  /** A permit if one is to be had at once without passing anybody. */
  take(): P | undefined
  /**
   * Stands in line. Calls `granted` or `failed` once, perhaps before it returns, unless it is cancelled first; a permit
   * that comes too late for that goes back by itself. Neither may throw.
   */
  request(granted: (permit: P) => void, failed: (error: unknown) => void): Waiting
}
