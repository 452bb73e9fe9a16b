import { attempt } from './attempt.ts'

/**
 * Calls `aborted` once with the reason when the signal is aborted, at once if it is already. Returns what calls that off,
 * which never throws. The signal may be of another realm, a polyfill, or made to throw when its reason is read.
 */
export function followSignal(signal: AbortSignal, aborted: (reason: unknown) => void): () => void {
  const abort = () => aborted(reasonOf(signal))
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  return () => attempt(() => signal.removeEventListener('abort', abort))
}

function reasonOf(signal: AbortSignal): unknown {
  try {
    return signal.reason
  } catch (error) {
    return error
  }
}
