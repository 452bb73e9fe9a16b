import { named, TaskScopeError } from '../base/errors.ts'

/** The tested code kept arming timers until the horizon of virtual time was passed, or without time moving at all. */
export class LivelockError extends TaskScopeError {
  static override readonly name: string = named(this, 'LivelockError')

  readonly code = 'ERR_LIVELOCK'
}

/** One interleaving of `exploreAll` failed: `cause` is what it failed with, by identity. */
export class ScheduleError extends TaskScopeError {
  static override readonly name: string = named(this, 'ScheduleError')

  readonly code = 'ERR_SCHEDULE'
  /** The labels in the order in which they were let through. */
  readonly schedule: readonly string[]

  constructor(schedule: readonly string[], cause: unknown) {
    super(`schedule [${schedule.join(' ')}]: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.schedule = schedule
  }
}
