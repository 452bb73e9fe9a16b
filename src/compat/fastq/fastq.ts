import { promise } from './promise.ts'
import type { queue, worker } from './types.ts'
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
