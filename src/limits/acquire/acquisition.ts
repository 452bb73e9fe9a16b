import { ensure, type Operation } from 'effection'
import { type Known, ordering } from '../../base/options.ts'
import { armWaitLimit, WAIT_OPTIONS, type WaitLimit, waitLimit } from '../../base/wait-timeout.ts'
import { untilPromise, yielded } from '../../base/yielded.ts'
import { limitDeadlock } from './holder.ts'
import { NOT_WAITING, type Permit, type PermitSource, type Requester, type Waiting } from './permit-source.ts'

/** How long to wait for a permit, and what ends the waiting early. */
export interface AcquireOptions {
  /** Milliseconds until the wait rejects with `TaskTimeoutError`; what can be had at once never does. @default Infinity */
  readonly timeout?: number
  /** Aborting it leaves the line and rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Higher goes first among those that wait for the same, first come first served within. Any number. @default 0 */
  readonly priority?: number
}

export const ACQUIRE_OPTIONS: Known<AcquireOptions> = { ...WAIT_OPTIONS, priority: true }

const UNBOUNDED: WaitLimit = { timeout: Number.POSITIVE_INFINITY, signal: undefined }

/** One who waits for a permit, until it is granted, refused or given up. */
class Request<P extends Permit> implements Requester<P> {
  readonly #resolve: (permit: P) => void
  readonly #reject: (error: unknown) => void
  #promise: Promise<P> | undefined = undefined
  #open = true
  #permit: P | undefined = undefined
  #waiting: Waiting = NOT_WAITING
  #disarm: (() => void) | undefined = undefined

  constructor(resolve: (permit: P) => void, reject: (error: unknown) => void) {
    this.#resolve = resolve
    this.#reject = reject
  }

  begin(promise: Promise<P>, source: PermitSource<P>, limit: WaitLimit, priority: number | undefined): void {
    this.#promise = promise
    if (limit.signal?.aborted) return this.refused(limit.signal.reason)
    this.#waiting = source.acquire(this, priority)
    if (!this.#open) return
    const deadlock = limitDeadlock(source)
    if (deadlock !== undefined) return this.#giveUp(deadlock)
    if (limit !== UNBOUNDED) this.#disarm = armWaitLimit(limit, 'waiting for a permit', error => this.#giveUp(error))
  }

  granted(permit: P): void {
    this.#close()
    this.#permit = permit
    this.#resolve(permit)
  }

  refused(error: unknown): void {
    this.#close()
    this.#promise?.catch(() => {})
    this.#reject(error)
  }

  /** Leaves the line, or releases the permit if it has come. */
  abandon(): void {
    this.#permit?.release()
    if (!this.#open) return
    this.#close()
    this.#waiting.cancel()
  }

  #giveUp(error: unknown): void {
    this.#waiting.cancel()
    this.refused(error)
  }

  #close(): void {
    this.#open = false
    this.#disarm?.()
  }
}

/**
 * A permit to come. Its place in the line was taken by the call that made it.
 *
 * Await it: the permit is yours to release. Or `yield*` it in an operation: a halt leaves the line, a permit that came too
 * late for a halted operation goes back, and otherwise it is released with the surrounding scope, if not before. A failure
 * that nobody looks at is no unhandled rejection.
 */
export class Acquisition<P extends Permit> extends Promise<P> implements Operation<P> {
  static {
    // What `await` goes by: with a constructor of its own it would be taken for a foreign thenable, three microtasks later.
    Object.defineProperty(Acquisition.prototype, 'constructor', { value: Promise })
    Object.defineProperty(Acquisition.prototype, Symbol.toStringTag, { value: 'Acquisition' })
  }

  /** What was free, or else who waits for it. */
  readonly #holder: P | Request<P>

  constructor(source: PermitSource<P>, options?: AcquireOptions) {
    const limit = options === undefined ? UNBOUNDED : waitLimit(options)
    const priority = options?.priority === undefined ? undefined : ordering('priority', options.priority)
    // Of a single line it costs nothing to ask first, and what is free needs no request.
    const permit = source.line === undefined || limit.signal?.aborted ? undefined : source.tryAcquire()
    let request: Request<P> | undefined
    super((resolve, reject) => {
      if (permit === undefined) request = new Request<P>(resolve, reject)
      else resolve(permit)
    })
    this.#holder = request ?? (permit as P)
    request?.begin(this, source, limit, priority)
  }

  /** What `yield*` goes through: the permit, released when the surrounding scope ends. */
  [Symbol.iterator](): ReturnType<Operation<P>[typeof Symbol.iterator]> {
    return yielded(() => 'a permit to come', this.#operation())
  }

  /** Gives up: leaves the line, or releases the permit if it has come. A promise that was still waiting stays pending. */
  abandon(): void {
    if (this.#holder instanceof Request) this.#holder.abandon()
    else this.#holder.release()
  }

  *#operation(): Operation<P> {
    let owned = false
    try {
      const permit = yield* untilPromise(this)
      yield* ensure(() => this.abandon())
      owned = true
      return permit
    } finally {
      // Also when the permit was granted but this operation was halted before it could resume.
      if (!owned) this.abandon()
    }
  }
}
