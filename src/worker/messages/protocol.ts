import { SerializationError } from '../../base/errors.ts'
import { show } from '../../base/options.ts'
import type { PlainThrown } from '../../serialize/thrown.ts'
import { normaliseProgress } from '../../task/context/progress.ts'
import { type Carrier, isCarrier } from '../../task/run-trace.ts'
import type { TaskProgress } from '../../task/types.ts'
import { packValue } from '../functions/carry.ts'
import { type CarryAttempt, carryFailure } from '../functions/carry-failure.ts'
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
      origin?: Carrier | undefined,
      stream?: true | undefined,
    ]
  /** So many more items may be sent: see `Credits`. */
  | readonly [kind: 'credit', call: number, count: number]
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
  /** Items of a stream, in order; its end is the result. */
  | readonly [kind: 'items', call: number, items: unknown]
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

/** The transferable objects of a message; a process gets copies instead. */
export type TransferList = readonly unknown[]

/** What messages are posted to: one side of a link between two. */
interface Posting<Message> {
  readonly kind: 'thread' | 'process'
  post(message: Message, transfer?: TransferList): void
}

/** Posts a message with a value in it, or throws the `SerializationError` that says what of the value can't be carried. */
export function postPacked<Message>(
  link: Posting<Message>,
  value: unknown,
  what: Omit<CarryAttempt, 'to'>,
  message: (data: unknown) => Message,
): void {
  try {
    const { data, transfer } = packValue(value, link.kind)
    link.post(message(data), transfer)
  } catch (error) {
    throw carryFailure(value, error, { ...what, to: link.kind })
  }
}

/** Posts a call, with the reference unless the worker knows the function already; throws as {@link postPacked} does. */
export function postCall(
  link: Posting<ToWorker>,
  id: number,
  fn: number,
  reference: FunctionReference | undefined,
  { function: { name }, args, task }: HostCall,
): void {
  postPacked(link, args, { of: 'arguments', name }, data => callMessage(id, fn, reference, data, task))
}

function callMessage(
  call: number,
  fn: number,
  reference: FunctionReference | undefined,
  args: unknown,
  { id, name, attempt, limited, member, origin, stream }: HostCall['task'],
): ToWorker {
  // Most calls have nothing of the rest.
  if (limited !== true && origin === undefined && stream !== true) {
    return ['call', call, fn, reference, args, id, name, attempt]
  }
  return [
    'call',
    call,
    fn,
    reference,
    args,
    id,
    name,
    attempt,
    limited || undefined,
    member,
    origin,
    stream || undefined,
  ]
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

/**
 * What has arrived from a worker, when it is a message; throws a `SerializationError` when it is not. What a message
 * carries (results, errors) is looked at by those that unpack it.
 */
export function fromWorker(message: unknown): FromWorker {
  if (!Array.isArray(message)) throw misshapen(message)
  const [kind, first, second] = message
  switch (kind) {
    case 'result':
    case 'failure':
    case 'stopped':
    case 'items':
    case 'memory':
      if (isNumber(first)) return message as unknown as FromWorker
      break
    case 'progress':
      if (isNumber(first)) return ['progress', first, progressOf(second)]
      break
    case 'request':
    case 'quiet':
      if (isNumber(first) && isNumber(second)) return message as unknown as FromWorker
      break
    case 'ready':
    case 'noisy':
    case 'uncaught':
    case 'late':
    case 'said':
      return message as unknown as FromWorker
  }
  throw misshapen(kind)
}

function progressOf(progress: unknown): TaskProgress {
  try {
    return normaliseProgress(progress as TaskProgress)
  } catch (cause) {
    throw new SerializationError(`a worker sent progress that is none: ${(cause as Error).message}`, { cause })
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY
}

function misshapen(message: unknown): SerializationError {
  return new SerializationError(`a worker sent what is no message: ${show(message)}`)
}

/** What has arrived in a worker, when it is a message; throws a `SerializationError` when it is not. */
export function toWorker(message: unknown): ToWorker {
  const [kind, number, carried] = Array.isArray(message) ? message : []
  switch (kind) {
    case 'call':
      if (isCall(message as readonly unknown[])) return message as ToWorker
      break
    case 'abort':
    case 'message':
    case 'answer':
    case 'refusal':
      if (typeof number === 'number' && typeof carried === 'object') return message as ToWorker
      break
    case 'credit':
      if (typeof number === 'number' && typeof carried === 'number' && carried > 0) return message as ToWorker
      break
    case 'setup':
      if (isSetup(message as readonly unknown[])) return message as ToWorker
      break
    case 'stop':
    case 'memory':
      return message as ToWorker
  }
  throw new SerializationError(`a worker was sent what is no message: ${show(kind)}`)
}

function isCall([, call, fn, reference, , task, name, attempt, , , origin]: readonly unknown[]): boolean {
  if (origin !== undefined && !isCarrier(origin)) return false
  const numbers = typeof call === 'number' && typeof fn === 'number' && typeof task === 'number'
  return numbers && typeof attempt === 'number' && typeof name === 'string' && isReference(reference)
}

function isSetup([, init, teardown, , number]: readonly unknown[]): boolean {
  return isReference(init) && isReference(teardown) && typeof number === 'number'
}

function isReference(reference: unknown): boolean {
  if (reference === undefined) return true
  const { kind, name, url, source } = Object(reference) as Record<string, unknown>
  return typeof name === 'string' && typeof (kind === 'module' ? url : source) === 'string'
}
