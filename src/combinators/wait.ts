import { startTimer } from '../base/clock.ts'
import { duration, type Known, knownOptions, oneOf } from '../base/options.ts'
import type { TaskHandle } from '../task/types.ts'
import { handleList, isHandle, listAndOptions, whenEnded } from './handle-list.ts'

/** When {@link wait} returns. */
export interface WaitForOptions {
  /** `'first'`: one has ended. `'firstException'`: one has failed, or all have ended. @default 'all' */
  readonly returnWhen?: 'all' | 'first' | 'firstException'
  /** Milliseconds after which it returns whatever has ended by then. @default Infinity */
  readonly timeout?: number
}

const WAIT_FOR_OPTIONS: Known<WaitForOptions> = { returnWhen: true, timeout: true }

/** Which of the handles have ended, and which have not, each in the order given. */
export interface Waited<H> {
  done: H[]
  pending: H[]
}

/**
 * Waits for several tasks and tells which have ended (`done`, however they ended) and which have not, each in the order
 * given. Never throws what a task failed with, and never touches a task: giving up waits for nothing, cancels nothing and
 * leaves nothing behind. Takes a list, or two and more handles written out.
 *
 * ```ts
 * const { done, pending } = await wait([a, b, c], { returnWhen: 'first', timeout: 1_000 })
 * ```
 */
export function wait<H extends TaskHandle<unknown>>(handles: Iterable<H>, options?: WaitForOptions): Promise<Waited<H>>
export function wait<H extends readonly [TaskHandle<unknown>, TaskHandle<unknown>, ...TaskHandle<unknown>[]]>(
  ...handles: H
): Promise<Waited<H[number]>>
export function wait<H extends readonly [TaskHandle<unknown>, TaskHandle<unknown>, ...TaskHandle<unknown>[]]>(
  ...handlesAndOptions: [...handles: H, options: WaitForOptions]
): Promise<Waited<H[number]>>
export async function wait(...args: readonly unknown[]): Promise<Waited<TaskHandle<unknown>>> {
  const { list, options } = listAndOptions('wait', args, isHandle)
  const all = handleList('wait', list as Iterable<TaskHandle<unknown>>)
  const { returnWhen = 'all', timeout = Number.POSITIVE_INFINITY } =
    knownOptions('options', options as WaitForOptions | undefined, WAIT_FOR_OPTIONS) ?? {}
  oneOf('returnWhen', ['all', 'first', 'firstException'], returnWhen)
  duration('timeout', timeout)
  // Awaited as anybody would, which refuses to wait for what can never end; with a timeout or a choice it may be fine.
  if (returnWhen === 'all' && timeout === Number.POSITIVE_INFINITY) await Promise.all(all.map(end))
  else await enough(all, returnWhen, timeout)
  return { done: all.filter(handle => handle.done()), pending: all.filter(handle => !handle.done()) }
}

async function end(handle: TaskHandle<unknown>): Promise<void> {
  try {
    await handle
  } catch (error) {
    if (!handle.done()) throw error
  }
}

async function enough(
  handles: readonly TaskHandle<unknown>[],
  returnWhen: NonNullable<WaitForOptions['returnWhen']>,
  timeout: number,
): Promise<void> {
  let left = handles.length
  if (left === 0) return
  const stops: (() => void)[] = []
  await new Promise<void>(resolve => {
    const timer = startTimer(timeout, resolve)
    stops.push(() => timer.cancel())
    for (const handle of handles) {
      const ended = () => {
        left -= 1
        const failed = returnWhen === 'firstException' && handle.status !== 'done'
        if (returnWhen === 'first' || failed || left === 0) resolve()
      }
      stops.push(whenEnded(handle, ended))
    }
  })
  for (const stop of stops) stop()
}
