import type { asyncWorker, queue, queueAsPromised, worker } from './types.ts'
import { WorkQueue } from './work-queue.ts'

function make<T, R = unknown>(work: worker<null, T, R>, concurrency: number): queue<T, R>
function make<C, T, R = unknown>(context: C, work: worker<C, T, R>, concurrency: number): queue<T, R>
function make(...args: unknown[]): queue {
  const [context, work, concurrency] = typeof args[0] === 'function' ? [null, ...args] : args
  return new WorkQueue(context, work as worker<unknown, unknown>, concurrency as number)
}

/**
 * The face of fastq 1: `import fastq from 'taskscope/compat/fastq'`, or `require('taskscope/compat/fastq')`.
 *
 * Better: a worker that throws before it calls back has failed, where fastq throws out of `push` and is short of a slot from
 * then on; a second callback changes nothing; the event loop has a turn at least every 10 ms; `getQueue` is in order after
 * `unshift` and `length` costs nothing.
 *
 * Different: the next task starts some microtasks after a callback, and not within it; what a `done` throws goes to the
 * process as an unhandled rejection.
 *
 * Throws `Error` for a `concurrency` below 1.
 *
 * ```ts
 * const queue = fastq((n: number, done) => done(null, 2 * n), 4)
 * queue.push(21, (error, result) => console.log(error, result))
 * ```
 */
export const fastq: typeof make & { readonly promise: typeof promise } = Object.assign(make, { promise })

/**
 * A queue whose worker gives promises, and which does so itself. They may be ignored.
 *
 * ```ts
 * const queue = fastq.promise(async (url: string) => fetch(url), 4)
 * const page = await queue.push('https://example.com')
 * ```
 */
export function promise<T, R = unknown>(work: asyncWorker<null, T, R>, concurrency: number): queueAsPromised<T, R>
export function promise<C, T, R = unknown>(
  context: C,
  work: asyncWorker<C, T, R>,
  concurrency: number,
): queueAsPromised<T, R>
export function promise(...args: unknown[]): queueAsPromised {
  const [context, work, concurrency] = typeof args[0] === 'function' ? [null, ...args] : args
  const worker = work as asyncWorker<unknown, unknown>
  const inner = new WorkQueue<unknown, unknown, unknown>(context, calling(worker), concurrency as number)
  const drained = () => new Promise<void>(resolve => inner.whenIdle(resolve))
  return Object.assign(inner, { push: promised(inner.push), unshift: promised(inner.unshift), drained })
}

function calling<C, T, R>(work: asyncWorker<C, T, R>): worker<C, T, R> {
  return function (this: C, value, callback) {
    work.call(this, value).then(
      result => callback(null, result),
      error => callback(error ?? new Rejected(error)),
    )
  }
}

/** Rejected like any error, also with `undefined`. */
class Rejected extends Error {
  readonly reason: unknown

  constructor(reason: unknown) {
    super()
    this.reason = reason
  }
}

function promised<T, R>(
  add: (value: T, tell: (error: Error | null, result?: R) => void) => void,
): (value: T) => Promise<R> {
  return value => {
    const outcome = new Promise<R>((resolve, reject) => {
      add(value, (error, result) => {
        if (error === null) resolve(result as R)
        else reject(error instanceof Rejected ? error.reason : error)
      })
    })
    outcome.catch(() => {})
    return outcome
  }
}
