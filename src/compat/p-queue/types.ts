/** The events of a queue; what is `undefined` arrives as `null` in `detail`. */
export interface EventMap {
  /** A task has started. */
  active: Event
  /** A task has given its result, which is in `detail`. */
  completed: CustomEvent<unknown>
  /** A task has failed, run out of time or was aborted while it ran; the error is in `detail`. */
  error: CustomEvent<unknown>
  /** A task was added. */
  add: Event
  /** A task has ended, or was taken from the queue. */
  next: Event
  /** Nothing waits. */
  empty: Event
  /** Nothing waits and nothing runs. */
  idle: Event
  /** Nothing runs. */
  pendingZero: Event
  /** Tasks wait because of `intervalCap`. */
  rateLimit: Event
  /** They do not any more. */
  rateLimitCleared: Event
}

/** A task that runs. Times are milliseconds, `startTime` since the epoch. */
export interface RunningTask {
  readonly id: string
  readonly priority: number
  readonly startTime: number
  readonly timeout: number | undefined
  readonly timeoutRemaining: number | undefined
}

/** Any of {@link EventMap}. */
export type Listener<Name extends keyof EventMap> =
  | ((event: EventMap[Name]) => void)
  | { handleEvent(event: EventMap[Name]): void }
