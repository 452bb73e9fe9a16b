import { serialize } from 'node:v8'
import { packValue, unpackValue } from '../functions/carry.ts'
import { carryFailure } from '../functions/carry-failure.ts'
import { type ResolvedFunction, resolveFunction } from '../functions/resolve-function.ts'
import type { FunctionReference, StartOptions } from './host.ts'
import type { ToWorker } from './protocol.ts'

type SetupMessage = Extract<ToWorker, readonly ['setup', ...unknown[]]>

/** What a worker is told before its first call; `undefined` when there is nothing to set up. */
export function setupMessage(options: StartOptions, to: 'thread' | 'process'): SetupMessage | undefined {
  const { module: url, init, teardown, initData, number = 1 } = options
  if (url === undefined || (init === undefined && teardown === undefined)) return undefined
  const refer = (name: string | undefined): FunctionReference | undefined =>
    name === undefined ? undefined : { kind: 'module', url, name }
  return ['setup', refer(init), refer(teardown), packValue(initData, to).data, number]
}

/** Throws a `SerializationError` for `initData` that can't be carried. */
export function refuseUncarriable(options: StartOptions, to: 'thread' | 'process'): void {
  try {
    const message = setupMessage(options, to)
    if (to === 'thread') structuredClone(message)
    else serialize(message)
  } catch (cause) {
    throw carryFailure(options.initData, cause, { of: 'initData', name: options.init ?? '', to })
  }
}

/** Sets a worker up, inside it; resolves with its `teardown`, which is looked for before there is anything to tear down. */
export async function setUp([, init, teardown, data, number]: SetupMessage): Promise<ResolvedFunction | undefined> {
  const tearDown = teardown && (await resolveFunction(teardown))
  if (init !== undefined) await (await resolveFunction(init))(unpackValue(data), { number })
  return tearDown
}
