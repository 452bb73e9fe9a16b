import type { Operation } from 'effection'
import { type KeptError, keepingError, throwKept } from '../../base/kept-error.ts'
import { inContext } from '../../base/operation.ts'
import type { AsyncContext } from '../../base/platform.ts'

/** An operation inside a worker. */
export interface RemoteOperation {
  /** How it ended: with its result, or with its error, once its scope is torn down. */
  readonly outcome: Promise<unknown>
  /** Halts it; resolves when it has stopped, rejects with what its cleanup threw. */
  halt(): Promise<void>
}

/** Runs an operation, every step of it in `context`. Effection is loaded by the first: most functions are none. */
export async function startOperation(operation: Operation<unknown>, context: AsyncContext): Promise<RemoteOperation> {
  const { run } = await import('effection')
  const kept: KeptError = {}
  const check = () => throwKept(kept)
  const running = context.runInAsyncScope(() => run(() => keepingError(inContext(operation, context), kept)))
  const outcome = running.then(value => value).finally(check)
  return { outcome, halt: () => context.runInAsyncScope(() => running.halt().then(check)) }
}
