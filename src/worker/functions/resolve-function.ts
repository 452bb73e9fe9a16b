import type { FunctionReference } from '../messages/host.ts'
import { functionFromModule } from './function-from-module.ts'
import { functionFromSource } from './function-from-source.ts'

/** A function that was found, called with what arrived. */
export type ResolvedFunction = (...args: readonly unknown[]) => unknown

/**
 * Finds the function of a call, inside the worker: modules are imported once, sources compiled once. Rejects with a
 * `SerializationError` that says what was looked for where, and what is there instead.
 */
export async function resolveFunction(reference: FunctionReference): Promise<ResolvedFunction> {
  const { name } = reference
  if (reference.kind === 'source') return functionFromSource(reference.source, name)
  return functionFromModule(reference.url, name)
}
