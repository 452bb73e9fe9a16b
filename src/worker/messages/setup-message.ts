import { packValue } from '../functions/carry.ts'
import { carryFailure } from '../functions/carry-failure.ts'
import { getBuiltinModule } from '../node.ts'
import type { FunctionReference, StartOptions } from './host.ts'
import type { ToWorker } from './protocol.ts'

/** The message by which a worker is set up. */
export type SetupMessage = Extract<ToWorker, readonly ['setup', ...unknown[]]>

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
    else getBuiltinModule('node:v8').serialize(message)
  } catch (cause) {
    throw carryFailure(options.initData, cause, { of: 'initData', name: options.init ?? '', to })
  }
}
