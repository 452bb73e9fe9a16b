import type { Operation } from 'effection'

/**
 * What an operation has thrown, if anything. Effection 4.1.1 looks at whatever passes through it as an error: where that
 * can't be read, the work hangs or seems to have succeeded.
 */
export interface KeptError {
  thrown?: { readonly error: unknown }
}

/** Runs `operation` and keeps what it throws, also while it is halted; what the teardown of its scope throws goes on. */
export function* keepingError<T>(operation: Operation<T>, kept: KeptError): Operation<T | undefined> {
  try {
    return yield* operation
  } catch (error) {
    kept.thrown = { error }
    return undefined
  }
}

/** Belongs into a `finally`: throws what was kept. */
export function throwKept(kept: KeptError): void {
  if (kept.thrown !== undefined) throw kept.thrown.error
}
