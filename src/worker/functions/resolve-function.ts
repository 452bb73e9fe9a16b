import { functionFromModule } from './function-from-module.ts'
import { functionFromSource } from './function-from-source.ts'
import type { FunctionReference } from './refer-to.ts'
import type { ResolvedFunction } from './registry.ts'

/**
 * Finds the function of a call, inside the worker: modules are imported once, sources compiled once. Rejects with a
 * `SerializationError` that says what was looked for where, and what is there instead.
 */
export async function resolveFunction(reference: FunctionReference): Promise<ResolvedFunction> {
  const { name } = reference
  if (reference.kind === 'source') return functionFromSource(reference.source, name)
  return functionFromModule(reference.url, name)
}
