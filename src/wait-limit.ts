import { startTimer } from './clock.ts'
import { TaskTimeoutError } from './errors.ts'
import { followSignal } from './follow-signal.ts'
import { abortSignal, duration, optionsObject } from './options.ts'

/** How long a wait may take, checked and with its defaults. */
export interface WaitLimit {
  readonly timeout: number
  readonly signal: AbortSignal | undefined
}

export function waitLimit(
  options: { readonly timeout?: number; readonly signal?: AbortSignal } | undefined,
): WaitLimit {
  const { timeout, signal } = optionsObject('options', options) ?? {}
  return {
    timeout: timeout === undefined ? Number.POSITIVE_INFINITY : duration('timeout', timeout),
    signal: signal === undefined ? undefined : abortSignal('signal', signal),
  }
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
