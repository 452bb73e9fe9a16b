/**
 * What was granted. Give it back with `release`, or let `using` or `await using` do it. Releasing is idempotent and never
 * throws, so that it cannot hide an error on its way out.
 */
export interface Permit extends Disposable, AsyncDisposable {
  readonly released: boolean
  /** Gives back what is held and lets the next in line have it, at once; nothing the second time. */
  release(): void
  /** @internal Undoes the grant: what is used up once it is taken comes back as well. */
  refund(): void
  /**
   * @internal What it was taken for has yet to begin: rates count as taken until {@link begin}, and from then on. Released
   * before that, they come back.
   */
  postpone(): void
  /** @internal Ends a {@link postpone}. */
  begin(): void
  /** @internal How much it holds of that supply. */
  holds(source: object): number
}

/** A request that has been made and can be called off; after it was granted or refused that does nothing. */
export interface Waiting {
  cancel(): void
}

/** What there is to hold when nothing waits. */
export const NOT_WAITING: Waiting = { cancel() {} }

/** The name of the method by which limits and semaphores hand out sources; not for users. */
export const PERMIT_SOURCE = Symbol('taskscope.source')

/** The name of the method by which they say what they count by, here in this process; not for users. */
export const SUPPLIES = Symbol('taskscope.supplies')

/** More than one's own permit leaves of something. */
export interface Excess {
  /** What it is called; nothing for a semaphore. */
  readonly key: string
  readonly asked: number
  readonly held: number
  readonly capacity: number
}

/** Something limited, as it is seen from outside. */
interface Counted {
  readonly key: string
  readonly algorithm: { readonly capacity: number }
  used(now: number): number
}

/** A line, as it is seen from outside. */
export interface AskedLine {
  readonly supplies: readonly Counted[]
}

/** Who asks for a permit: one of the two is called, once, and must not throw. */
export interface Requester<P extends Permit = Permit> {
  granted(permit: P): void
  refused(error: unknown): void
}

/** Something to ask for, checked and ready, as often as one likes: the callback face beneath promises and operations. */
export interface PermitSource<P extends Permit = Permit> {
  /** Whether {@link tryAcquire} can ever give anything: what is external can only be waited for. */
  readonly immediate: boolean
  /** The only line that it is asked in, if there is but one. */
  readonly line?: AskedLine
  /** A permit if one is to be had at once without passing anybody. */
  tryAcquire(): P | undefined
  /**
   * Stands in line. Answers the requester, perhaps before it returns, unless it is cancelled first; a permit that comes too
   * late for that goes back by itself. A higher `priority` goes first.
   */
  acquire(requester: Requester<P>, priority?: number): Waiting
  /**
   * Calls `told` once, perhaps before it returns, when all of it could be taken without passing anybody; takes nothing. Goes
   * behind all requests. Only for what is {@link immediate}.
   */
  whenRoom(told: () => void): Waiting
  /** Of what it asks for so much that it can't be granted before `held` is released; nothing if it can. */
  exceeds(held: Permit): Excess | undefined
}
