import { ensure, type Operation, run, scoped } from 'effection'
import { isOperation, type KeptError, keepingError, throwKept } from '../../base/operation.ts'
import { untilPromise, untilSettled, yielded } from '../../base/yielded.ts'
import type { Acquisition } from './acquisition.ts'
import type { Permit } from './permit-source.ts'

/** What work comes to that returns `R`: the result of an operation or a promise, or the value itself. */
export type ResultOf<R> = R extends Operation<infer T> ? T : Awaited<R>

/** A permit to come, of whatever kind. */
type Promised = Promise<Permit> & Pick<Acquisition<Permit>, 'abandon'>

/** The result of work that runs while it holds a permit: a promise, and an operation. */
export class PermittedWork<T> implements Promise<T>, Operation<T> {
  readonly [Symbol.toStringTag] = 'PermittedWork'
  readonly #acquisition: Promised
  readonly #work: () => unknown
  #promise: Promise<T> | undefined
  #adopted = false

  constructor(acquisition: Promised, work: () => unknown) {
    this.#acquisition = acquisition
    this.#work = work
    // `yield*` asks for the iterator right away. If nobody has by the next microtask, it runs on its own.
    queueMicrotask(() => {
      if (!this.#adopted) this.#start()
    })
  }

  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#start().then(onFulfilled, onRejected)
  }

  catch<B = never>(onRejected?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.#start().catch(onRejected)
  }

  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.#start().finally(onFinally)
  }

  /** What `yield*` goes through: the result of the work. */
  [Symbol.iterator](): ReturnType<Operation<T>[typeof Symbol.iterator]> {
    return yielded(() => 'work that waits for a permit', this.#steps())
  }

  #steps(): Operation<T> {
    if (this.#promise !== undefined) return untilPromise(this.#promise)
    this.#adopted = true
    return this.#inScope()
  }

  *#inScope(): Operation<T> {
    const kept: KeptError = {}
    try {
      return (yield* scoped(() => keepingError(this.#asOperation(), kept))) as T
    } finally {
      throwKept(kept)
    }
  }

  *#asOperation(): Operation<T> {
    let unfinished: Promise<T> | undefined
    yield* ensure(() => {
      const release = () => this.#acquisition.abandon()
      // A promise cannot be halted with the operation: the permit stays taken until it has settled.
      if (unfinished === undefined) release()
      else unfinished.then(release, release)
    })
    yield* untilSettled(this.#acquisition)
    const returned = this.#work()
    if (!isObject(returned)) return returned as T
    if (isOperation(returned)) return (yield* returned) as T
    if (!isThenable<T>(returned)) return returned as T
    unfinished = Promise.resolve(returned)
    const clear = () => {
      unfinished = undefined
    }
    unfinished.then(clear, clear)
    return yield* untilPromise(unfinished)
  }

  #start(): Promise<T> {
    this.#promise ??= this.#asPromise()
    return this.#promise
  }

  async #asPromise(): Promise<T> {
    const permit = await this.#acquisition
    try {
      const returned = this.#work()
      if (isObject(returned) && isOperation(returned)) return (await runKept(returned)) as T
      return (await returned) as T
    } finally {
      permit.release()
    }
  }
}

async function runKept(operation: Operation<unknown>): Promise<unknown> {
  const kept: KeptError = {}
  try {
    return await run(() => keepingError(operation, kept))
  } finally {
    throwKept(kept)
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

function isThenable<T>(value: object): value is PromiseLike<T> {
  return typeof (value as Partial<PromiseLike<T>>).then === 'function'
}
