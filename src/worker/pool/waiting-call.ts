import type { Queued } from '../../collections/queued.ts'
import type { HostCall, HostCallOptions } from '../messages/host.ts'

/** A call that waits for a worker. Aborted meanwhile, it leaves the line at once. */
export class WaitingCall implements Queued {
  readonly priority = 0
  sequence = 0
  position = -1
  readonly call: HostCall
  readonly options: HostCallOptions
  readonly resolve: (outcome: unknown) => void
  readonly reject: (error: unknown) => void
  readonly #leave: (waiting: WaitingCall) => void

  constructor(
    call: HostCall,
    options: HostCallOptions,
    { resolve, reject }: Pick<WaitingCall, 'resolve' | 'reject'>,
    leave: (waiting: WaitingCall) => void,
  ) {
    this.call = call
    this.options = options
    this.resolve = resolve
    this.reject = reject
    this.#leave = leave
    options.signal.addEventListener('abort', this)
  }

  handleEvent(): void {
    this.#leave(this)
    this.reject(this.options.signal.reason)
  }

  /** It waits no longer. */
  over(): void {
    this.options.signal.removeEventListener('abort', this)
  }
}
