import { constants, Script } from 'node:vm'
import type { FunctionReference } from '../host/host.ts'
import { type AnyFunction, registered, unwrapped } from './registry.ts'

/** A function that was found, called with what arrived. */
export type ResolvedFunction = (...args: readonly unknown[]) => unknown

/** Finds the function of a call, inside the worker. */
export async function resolveFunction(reference: FunctionReference): Promise<ResolvedFunction> {
  if (reference.kind === 'source') return compiled(reference.source)
  const module = (await import(reference.url)) as Record<string, unknown>
  const found = registered(reference.url, reference.name) ?? module[reference.name]
  return unwrapped(found as AnyFunction) as ResolvedFunction
}

function compiled(source: string): ResolvedFunction {
  return new Script(`'use strict';(${source})`, {
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  }).runInThisContext() as ResolvedFunction
}
