import { duration, type Known, knownOptions, runnable } from '../base/options.ts'
import { VirtualClock } from './virtual-clock.ts'

/** How far virtual time may go. */
export interface RunVirtualOptions {
  /** Milliseconds of virtual time after which the run is given up with `LivelockError`. @default 3_600_000 */
  readonly horizon?: number
}

/** What a run under the virtual clock came to. */
export interface VirtualRun<T> {
  readonly value: T
  /** Virtual milliseconds from start to end. */
  readonly elapsed: number
}

const HOUR = 3_600_000

export const RUN_VIRTUAL_OPTIONS: Known<RunVirtualOptions> = { horizon: true }

/** The horizon of the options, or its default. */
export function horizonOf(options: RunVirtualOptions | undefined): number {
  return duration('horizon', options?.horizon ?? HOUR)
}

/**
 * Runs `body` in virtual time: whenever nothing is runnable, time jumps to the next timer, so an hour of timeouts takes
 * milliseconds and always the same number of virtual ones. After Trio's autojump clock. Needs the package
 * `@sinonjs/fake-timers`.
 *
 * `setTimeout`, `setInterval`, their `clear` functions, `Date` and `performance` are replaced for the whole process while
 * it runs, also as imported from `node:timers` and `node:timers/promises`; the real ones are back when the promise
 * settles. One run at a time. Not virtual: `AbortSignal.timeout`, worker threads, files and sockets. A body that waits
 * for those alone looks like a deadlock.
 *
 * Rejects with what `body` or a timer of it threw; with `DeadlockError` when nothing is runnable and no timer is left to
 * wake anybody up; with `LivelockError` past the horizon.
 *
 * ```ts
 * const { value, elapsed } = await runVirtual(async () => {
 *   await using manager = await TaskManager.start()
 *   const handle = manager.spawn(suspend, { timeout: 60_000 })
 *   return await handle.catch(error => error.code)
 * })
 * assert.equal(value, 'ERR_TASK_TIMEOUT')
 * assert.equal(elapsed, 60_000)
 * ```
 */
export async function runVirtual<T>(
  body: () => T | PromiseLike<T>,
  options?: RunVirtualOptions,
): Promise<VirtualRun<T>> {
  runnable('body', body)
  const clock = await VirtualClock.install(horizonOf(knownOptions('options', options, RUN_VIRTUAL_OPTIONS)))
  try {
    const value = await clock.run(body)
    return { value, elapsed: clock.elapsed }
  } finally {
    clock.uninstall()
  }
}
