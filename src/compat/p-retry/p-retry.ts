import type { TaskManager } from '../../manager/task-manager.ts'
import type { TaskContext } from '../../task/types.ts'
import { startGround } from '../shared/start.ts'
import { Judgement } from './judgement.ts'
import { type Options, settingsOf } from './options.ts'

let manager: TaskManager | undefined

/** One for all calls: it limits nothing, and waits for whatever attempt it has told to stop. */
function retrying(): TaskManager {
  manager ??= startGround({
    name: 'p-retry',
    maxTasks: Number.POSITIVE_INFINITY,
    cleanupTimeout: Number.POSITIVE_INFINITY,
    spawnStacks: true,
  }).manager
  return manager
}

/**
 * The face of p-retry 9: `import pRetry from 'taskscope/compat/p-retry'`.
 *
 * Better: between two attempts the event loop has a turn even where the delay is 0, so that an operation which fails at once
 * can't keep timers and the `signal` from ever being heard; the stack of an error goes on with where `pRetry` was called; each attempt can be seen on the diagnostics channel
 * `taskscope:task`.
 *
 * Different: nothing that is documented. In new code, `retry` of `spawn` gives each attempt a signal
 * and a timeout, and frees its slot while it waits.
 *
 * Calls `input(attemptNumber)`, once and then again as the options say, until it gives a value. Rejects with the error of the
 * last attempt, with what a callback threw, with what was wrapped in an {@link AbortError}, or with the reason of the
 * signal; with `TypeError` for wrong options.
 *
 * ```ts
 * const page = await pRetry(() => fetch(url), { retries: 5 })
 * ```
 */
export async function pRetry<T>(
  input: (attemptNumber: number) => PromiseLike<T> | T,
  options: Options = {},
): Promise<T> {
  const settings = settingsOf(options)
  const { signal } = settings
  signal?.throwIfAborted()
  const judgement = new Judgement(settings)
  const handle = retrying().spawn((task: TaskContext) => attempt(input, task), {
    startNow: true,
    retry: {
      retries: Number.POSITIVE_INFINITY,
      retryOn: error => judgement.judge(error),
      backoff: () => judgement.delay,
    },
    ...(signal !== undefined && { signal }),
  })
  return new Promise<T>((resolve, reject) => {
    // Listeners: `resolve` itself would count as an await of the caller, which may never look at the promise.
    const failed = (error: unknown) => judgement.verdict(error).then(reject)
    handle.then(value => resolve(value), failed)
  })
}

/** Having read the signal, it is told to stop and waited for; what it returns is a value, an operation too. */
async function attempt<T>(input: (attemptNumber: number) => PromiseLike<T> | T, task: TaskContext): Promise<T> {
  void task.signal
  return input(task.attempt)
}

/** A function whose every call is retried, with the `this` and the arguments of that call. */
export function makeRetriable<A extends readonly unknown[], R, This = unknown>(
  fn: (this: This, ...args: A) => PromiseLike<R> | R,
  options?: Options,
): (this: This, ...args: A) => Promise<R> {
  return function (this: This, ...args: A): Promise<R> {
    return pRetry(() => fn.apply(this, args as unknown as Parameters<typeof fn> & A), options)
  }
}
