import type { EventMap, Listener } from './types.ts'

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
    this.dispatchEvent(new CustomEvent(type, { detail }))
  }

  /** @internal */
  protected once<N extends keyof EventMap>(type: N): Promise<EventMap[N]> {
    return new Promise(resolve => this.addEventListener(type, resolve, { once: true }))
  }
}
