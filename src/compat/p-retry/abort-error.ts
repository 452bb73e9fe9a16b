/**
 * Thrown by the function that is retried, it ends the retries; what was wrapped in it is what the promise rejects with, and
 * of a text an `Error` of it. No callback is asked.
 */
export class AbortError extends Error {
  override readonly name = 'AbortError'
  readonly originalError: Error

  constructor(error?: string | Error) {
    const original = error instanceof Error ? error : new Error(error)
    super(original.message)
    this.originalError = original
    if (original !== error) Error.captureStackTrace?.(original, AbortError)
  }
}

/** What is inside of however many of them. */
export function unwrapped(error: Error): Error {
  const seen = new Set<Error>()
  let inner = error
  while (inner instanceof AbortError && inner.originalError instanceof Error && !seen.has(inner)) {
    seen.add(inner)
    inner = inner.originalError
  }
  return inner
}
