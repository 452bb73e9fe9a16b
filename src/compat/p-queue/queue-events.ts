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

/** Any of {@link EventMap}. */
type Listener<Name extends keyof EventMap> =
  | ((event: EventMap[Name]) => void)
  | { handleEvent(event: EventMap[Name]): void }

/** What `addEventListener` takes, where the types of Node and of browsers differ. */
interface ListenerOptions {
  readonly once?: boolean
  readonly passive?: boolean
  readonly capture?: boolean
  readonly signal?: AbortSignal
}

/** An `EventTarget` that knows the events of a queue. */
export class QueueEvents extends EventTarget {
  declare addEventListener: <N extends keyof EventMap>(
    type: N,
    listener: Listener<N>,
    options?: boolean | ListenerOptions,
  ) => void
  declare removeEventListener: <N extends keyof EventMap>(
    type: N,
    listener: Listener<N>,
    options?: boolean | ListenerOptions,
  ) => void

  /** @internal */
  protected emit(type: keyof EventMap, detail?: unknown): void {
    // Some edge runtimes have no CustomEvent.
    this.dispatchEvent(Object.defineProperty(new Event(type), 'detail', { value: detail ?? null }))
  }

  /** @internal */
  protected once<N extends keyof EventMap>(type: N): Promise<EventMap[N]> {
    return new Promise(resolve => this.addEventListener(type, resolve, { once: true }))
  }
}
