import type { asyncWorker, queueAsPromised, worker } from './types.ts'
import { WorkQueue } from './work-queue.ts'

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
