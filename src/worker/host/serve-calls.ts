import { revivedThrown } from '../../serialise/thrown.ts'
import { errorClasses } from '../functions/error-classes.ts'
import type { ResolvedFunction } from '../functions/resolve-function.ts'
import { resolveFunction } from '../functions/resolve-function.ts'
import type { FunctionReference } from './host.ts'
import type { TransferList } from './link.ts'
import { Output } from './output.ts'
import type { FromWorker, ToWorker } from './protocol.ts'
import { RemoteCall } from './remote-call.ts'
import { Requests } from './requests.ts'

/** The way back to the caller's side, from inside the worker. */
export interface Uplink {
  readonly kind: 'thread' | 'process'
  post(message: FromWorker, transfer?: TransferList): void
  readonly carry: (value: unknown) => unknown
  /** How many bytes this worker holds. */
  memory(): number
}

interface KnownFunction {
  readonly reference: FunctionReference
  /** Found once; what could not be found is looked for again by the next call. */
  fn: ResolvedFunction | undefined
}

/** The loop of a worker: returns what takes its messages. */
export function serveCalls(uplink: Uplink): (message: ToWorker) => void {
  const functions = new Map<number, KnownFunction>()
  const calls = new Map<number, RemoteCall>()
  const requests = new Requests(uplink)
  const output = new Output(uplink)

  const start = (message: Extract<ToWorker, readonly ['call', ...unknown[]]>) => {
    const [, id, number, reference] = message
    if (reference !== undefined) functions.set(number, { reference, fn: undefined })
    const known = functions.get(number) as KnownFunction
    const call = new RemoteCall(message, known.reference.name, uplink, requests, () => {
      calls.delete(id)
      output.announce()
    })
    calls.set(id, call)
    if (known.fn !== undefined) return call.run(known.fn)
    resolveFunction(known.reference).then(
      fn => call.run((known.fn = fn)),
      error => call.fail(error),
    )
  }

  return message => {
    switch (message[0]) {
      case 'call':
        return start(message)
      case 'abort':
        return calls.get(message[1])?.abort(revivedThrown(message[2], errorClasses()))
      case 'answer':
        return requests.answered(message[1], message[2])
      case 'refusal':
        return requests.refused(message[1], message[2])
      case 'memory':
        return uplink.post(['memory', uplink.memory()])
    }
  }
}
