import { startTimer } from './clock.ts'
import { TaskTimeoutError } from './errors.ts'
import { followSignal } from './follow-signal.ts'
import { abortSignal, duration, type Known, knownOptions, optionsObject } from './options.ts'

/** How long to wait, and what ends the waiting early. Neither touches the task. */
export interface WaitOptions {
  /** Milliseconds until the wait rejects with `TaskTimeoutError`. @default Infinity */
  readonly timeout?: number
  /** Aborting it rejects the wait with the signal's reason. */
  readonly signal?: AbortSignal
}

/** How long a wait may take, checked and with its defaults. */
export interface WaitLimit {
  readonly timeout: number
  readonly signal: AbortSignal | undefined
}

export const WAIT_OPTIONS: Known<WaitOptions> = { timeout: true, signal: true }

/** Checks the options of what only waits. */
export function onlyWaitLimit(options: WaitOptions | undefined): WaitLimit {
  return waitLimit(knownOptions('options', options, WAIT_OPTIONS))
}

/** Checks what bounds a wait; the names are for those to check who know what else there may be. */
export function waitLimit(options: WaitOptions | undefined): WaitLimit {
  const { timeout, signal } = optionsObject('options', options) ?? {}
  return {
    timeout: timeout === undefined ? Number.POSITIVE_INFINITY : duration('timeout', timeout),
    signal: signal === undefined ? undefined : abortSignal('signal', signal),
  }
}

/**
 * Waits for what `start` waits for, but not beyond the limit. Whichever comes first, the function that `start` returns
 * is called in the end, so that a wait that was given up leaves nothing behind.
 */
export async function waitWithin<T>(
  limit: WaitLimit,
  what: string,
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
): Promise<T> {
  let stop = () => {}
  let disarm = () => {}
  try {
    return await new Promise<T>((resolve, reject) => {
      disarm = armWaitLimit(limit, what, reject)
      stop = start(resolve, reject)
    })
  } finally {
    disarm()
    stop()
  }
}

/** Whether there is any limit. */
export function isLimited({ timeout, signal }: WaitLimit): boolean {
  return timeout !== Number.POSITIVE_INFINITY || signal !== undefined
}

/**
 * Calls `giveUp` with the error to reject with, once, when the limit is reached first. Returns the function that calls
 * it off; no timer or listener stays behind either way.
 */
export function armWaitLimit(
  { timeout, signal }: WaitLimit,
  what: string,
  giveUp: (error: unknown) => void,
): () => void {
  let unlink = () => {}
  const disarm = () => {
    timer.cancel()
    unlink()
  }
  const timer = startTimer(timeout, () => {
    disarm()
    giveUp(new TaskTimeoutError(`${what} took longer than ${timeout} ms`, timeout))
  })
  if (signal !== undefined) {
    unlink = followSignal(signal, reason => {
      disarm()
      giveUp(reason)
    })
  }
  return disarm
}
