import { ensure, type Operation } from 'effection'
import { type Known, ordering } from '../../base/options.ts'
import { armWaitLimit, WAIT_OPTIONS, type WaitLimit, waitLimit } from '../../base/wait-timeout.ts'
import { untilPromise, yielded } from '../../base/yielded.ts'
import { limitDeadlock } from './limit-deadlock.ts'
import type { Permit } from './permit.ts'
import { NOT_WAITING, type PermitSource, type Waiting } from './permit-source.ts'

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

interface Settling<P> {
  readonly resolve: (permit: P) => void
  readonly reject: (error: unknown) => void
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

  #permit: P | undefined
  /** Until it is granted, refused or given up. */
  #settling: Settling<P> | undefined
  #waiting: Waiting = NOT_WAITING
  #disarm: (() => void) | undefined

  constructor(source: PermitSource<P>, options?: AcquireOptions) {
    const limit = options === undefined ? UNBOUNDED : waitLimit(options)
    const priority = options?.priority === undefined ? undefined : ordering('priority', options.priority)
    // Of a single line it costs nothing to ask first, and what is free needs no request.
    const permit = source.line === undefined || limit.signal?.aborted ? undefined : source.tryAcquire()
    let settling: Settling<P> | undefined
    super((resolve, reject) => {
      if (permit === undefined) settling = { resolve, reject }
      else resolve(permit)
    })
    this.#permit = permit
    this.#settling = settling
    if (permit === undefined) this.#request(source, limit, priority)
  }

  /** What `yield*` goes through: the permit, released when the surrounding scope ends. */
  [Symbol.iterator](): ReturnType<Operation<P>[typeof Symbol.iterator]> {
    return yielded(() => 'a permit to come', this.#operation()[Symbol.iterator]())
  }

  /** Gives up: leaves the line, or releases the permit if it has come. A promise that was still waiting stays pending. */
  abandon(): void {
    this.#permit?.release()
    if (this.#settling === undefined) return
    this.#settling = undefined
    this.#disarm?.()
    this.#waiting.cancel()
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

  #request(source: PermitSource<P>, limit: WaitLimit, priority: number | undefined): void {
    if (limit.signal?.aborted) return this.#fail(limit.signal.reason)
    this.#waiting = source.acquire(
      permit => this.#grant(permit),
      error => this.#fail(error),
      priority,
    )
    if (this.#settling === undefined) return
    const deadlock = limitDeadlock(source)
    if (deadlock !== undefined) {
      this.#waiting.cancel()
      return this.#fail(deadlock)
    }
    if (limit === UNBOUNDED) return
    this.#disarm = armWaitLimit(limit, 'waiting for a permit', error => {
      this.#waiting.cancel()
      this.#fail(error)
    })
  }

  #grant(permit: P): void {
    const settling = this.#settling
    this.#settling = undefined
    this.#disarm?.()
    this.#permit = permit
    settling?.resolve(permit)
  }

  #fail(error: unknown): void {
    const settling = this.#settling
    this.#settling = undefined
    this.#disarm?.()
    this.catch(() => {})
    settling?.reject(error)
  }
}
