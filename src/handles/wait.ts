import { startTimer } from '../clock.ts'
import { duration, oneOf, optionsObject } from '../options.ts'
import type { TaskHandle } from '../task/types.ts'
import { handleList } from './handle-list.ts'

/** When {@link wait} returns. */
export interface WaitForOptions {
  /** `'first'`: one has ended. `'firstException'`: one has failed, or all have ended. @default 'all' */
  readonly returnWhen?: 'all' | 'first' | 'firstException'
  /** Milliseconds after which it returns whatever has ended by then. @default Infinity */
  readonly timeout?: number
}

/**
 * Waits for several tasks and tells which have ended (`done`, however they ended) and which have not, each in the order
 * given. Never throws what a task failed with, and never touches a task: giving up waits for nothing and cancels nothing.
 *
 * ```ts
 * const { done, pending } = await wait([a, b, c], { returnWhen: 'first', timeout: 1_000 })
 * ```
 */
export async function wait<H extends TaskHandle<unknown>>(
  handles: Iterable<H>,
  options?: WaitForOptions,
): Promise<{ done: H[]; pending: H[] }> {
  const all = handleList(handles)
  const { returnWhen = 'all', timeout = Number.POSITIVE_INFINITY } = optionsObject('options', options) ?? {}
  const enough = ENOUGH[oneOf('returnWhen', ['all', 'first', 'firstException'], returnWhen)]
  duration('timeout', timeout)
  // Reading a handle as `await` does refuses to wait for what can never end; with a timeout or a choice it may be fine.
  if (returnWhen === 'all' && timeout === Number.POSITIVE_INFINITY) for (const handle of all) Promise.resolve(handle)

  await new Promise<void>(resolve => {
    const timer = startTimer(timeout, resolve)
    const check = () => {
      if (!enough(all)) return
      timer.cancel()
      resolve()
    }
    for (const handle of all) if (!handle.done()) handle.then(check, check)
    check()
  })
  return { done: all.filter(handle => handle.done()), pending: all.filter(handle => !handle.done()) }
}

type Handles = readonly TaskHandle<unknown>[]

const everyEnded = (handles: Handles) => handles.every(handle => handle.done())

const ENOUGH = {
  all: everyEnded,
  first: (handles: Handles) => handles.length === 0 || handles.some(handle => handle.done()),
  firstException: (handles: Handles) => handles.some(failed) || everyEnded(handles),
}

function failed(handle: TaskHandle<unknown>): boolean {
  return handle.done() && handle.status !== 'done'
}
