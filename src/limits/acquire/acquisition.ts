import { ensure, type Operation } from 'effection'
import { type Known, ordering } from '../../base/options.ts'
import { armWaitLimit, WAIT_OPTIONS, type WaitLimit, waitLimit } from '../../base/wait-timeout.ts'
import { untilPromise, yielded } from '../../base/yielded.ts'
import type { AcquireOptions } from '../semaphore.ts'
import { limitDeadlock } from './limit-deadlock.ts'
import type { Permit } from './permit.ts'
import { NOT_WAITING, type PermitSource, type Waiting } from './permit-source.ts'

export const ACQUIRE_OPTIONS: Known<AcquireOptions> = { ...WAIT_OPTIONS, priority: true }

const UNBOUNDED: WaitLimit = { timeout: Number.POSITIVE_INFINITY, signal: undefined }

/**
 * A permit to come. Its place in the line was taken by the call that made it.
 *
 * Await it: the permit is yours to release. Or `yield*` it in an operation: a halt leaves the line, a permit that came too
 * late for a halted operation goes back, and otherwise it is released with the surrounding scope, if not before.
 */
export class Acquisition<P extends Permit> implements Promise<P>, Operation<P> {
  readonly [Symbol.toStringTag] = 'Acquisition'
  #settled = false
  #permit: P | undefined
  #error: unknown
  #waiting: Waiting = NOT_WAITING
  #disarm: (() => void) | undefined
  /** Made when first asked for, so that a failure which was only looked at as an operation rejects nothing. */
  #promise: Promise<P> | undefined
  #resolve: ((permit: P) => void) | undefined
  #reject: ((error: unknown) => void) | undefined

  constructor(source: PermitSource<P>, options?: AcquireOptions) {
    const limit = options === undefined ? UNBOUNDED : waitLimit(options)
    if (limit.signal?.aborted) {
      this.#fail(limit.signal.reason)
      return
    }
    this.#waiting = source.acquire(
      permit => this.#grant(permit),
      error => this.#fail(error),
      options?.priority === undefined ? undefined : ordering('priority', options.priority),
    )
    if (this.#settled) return
    const deadlock = limitDeadlock(source)
    if (deadlock !== undefined) {
      this.#waiting.cancel()
      this.#fail(deadlock)
      return
    }
    if (limit === UNBOUNDED) return
    this.#disarm = armWaitLimit(limit, 'waiting for a permit', error => {
      this.#waiting.cancel()
      this.#fail(error)
    })
  }

  then<A = P, B = never>(
    onFulfilled?: ((permit: P) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#asPromise().then(onFulfilled, onRejected)
  }

  catch<B = never>(onRejected?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<P | B> {
    return this.#asPromise().catch(onRejected)
  }

  finally(onFinally?: (() => void) | null): Promise<P> {
    return this.#asPromise().finally(onFinally)
  }

  /** What `yield*` goes through: the permit, released when the surrounding scope ends. */
  [Symbol.iterator](): ReturnType<Operation<P>[typeof Symbol.iterator]> {
    return yielded(() => 'a permit to come', this.#operation()[Symbol.iterator]())
  }

  /** Gives up: leaves the line, or releases the permit if it has come. A promise that was still waiting stays pending. */
  abandon(): void {
    this.#permit?.release()
    if (this.#settled) return
    this.#settled = true
    this.#disarm?.()
    this.#waiting.cancel()
  }

  *#operation(): Operation<P> {
    let owned = false
    try {
      const permit = yield* untilPromise(this.#asPromise())
      yield* ensure(() => this.abandon())
      owned = true
      return permit
    } finally {
      // Also when the permit was granted but this operation was halted before it could resume.
      if (!owned) this.abandon()
    }
  }

  #asPromise(): Promise<P> {
    this.#promise ??= new Promise<P>((resolve, reject) => {
      if (this.#permit !== undefined) resolve(this.#permit)
      else if (this.#settled) reject(this.#error)
      this.#resolve = resolve
      this.#reject = reject
    })
    return this.#promise
  }

  #grant(permit: P): void {
    this.#settled = true
    this.#disarm?.()
    this.#permit = permit
    this.#resolve?.(permit)
  }

  #fail(error: unknown): void {
    this.#settled = true
    this.#disarm?.()
    this.#error = error
    this.#reject?.(error)
  }
}
