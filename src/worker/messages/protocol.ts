import type { PlainThrown } from '../../serialize/thrown.ts'
import type { Carrier } from '../../task/run-trace.ts'
import type { TaskProgress } from '../../task/types.ts'
import { packValue } from '../functions/carry.ts'
import { carryFailure } from '../functions/carry-failure.ts'
import type { FunctionReference } from '../functions/refer-to.ts'
import { getBuiltinModule } from '../node.ts'
import type { HostCall, StartOptions } from './host.ts'

/**
 * What is said to a worker, thread or process alike: short arrays, because every call pays for what is in them.
 *
 * A function is described the first time only; after that its number stands for it.
 */
export type ToWorker =
  | readonly [
      kind: 'call',
      call: number,
      fn: number,
      reference: FunctionReference | undefined,
      args: unknown,
      task: number,
      name: string,
      attempt: number,
      limited?: true | undefined,
      member?: number | undefined,
      origin?: Carrier,
    ]
  | readonly [kind: 'abort', call: number, reason: PlainThrown]
  | readonly [kind: 'message', call: number, message: unknown]
  | readonly [kind: 'answer', request: number, answer: unknown]
  | readonly [kind: 'refusal', request: number, error: PlainThrown]
  | readonly [kind: 'memory']
  /** The first message, when there is something to set up; a second `ready` follows. */
  | readonly [
      kind: 'setup',
      init: FunctionReference | undefined,
      teardown: FunctionReference | undefined,
      data: unknown,
      number: number,
    ]
  /** It has no calls and gets no more: it ends in its own way. */
  | readonly [kind: 'stop']

/** What a worker says. */
export type FromWorker =
  | readonly [kind: 'ready']
  | readonly [kind: 'result', call: number, result: unknown]
  | readonly [kind: 'failure', call: number, error: PlainThrown]
  /** The call threw the reason of its own signal: it need not be carried back, and stays the same object. */
  | readonly [kind: 'stopped', call: number]
  | readonly [kind: 'progress', call: number, progress: TaskProgress]
  | readonly [kind: 'request', call: number, request: number, what: unknown]
  | readonly [kind: 'memory', bytes: number]
  /** Something was printed; `quiet` follows when it has left the worker, with the bytes written so far by a process. */
  | readonly [kind: 'noisy']
  | readonly [kind: 'quiet', stdout: number, stderr: number]
  /** An error that nothing caught, of a call that is over. */
  | readonly [kind: 'late', error: PlainThrown]
  /** The last words of a worker that an error ends. */
  | readonly [kind: 'uncaught', error: PlainThrown]
  /** What the code in the worker says for its own ends. */
  | readonly [kind: 'said', message: unknown]

/** The first message of a call, or a later one when the worker knows the function already. */
export function callMessage(
  call: number,
  fn: number,
  reference: FunctionReference | undefined,
  args: unknown,
  { id, name, attempt, limited, member, origin }: HostCall['task'],
): ToWorker {
  if (origin !== undefined) {
    return ['call', call, fn, reference, args, id, name, attempt, limited || undefined, member, origin]
  }
  if (limited !== true) return ['call', call, fn, reference, args, id, name, attempt]
  if (member === undefined) return ['call', call, fn, reference, args, id, name, attempt, limited]
  return ['call', call, fn, reference, args, id, name, attempt, limited, member]
}

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
