import { SerializationError } from '../../base/errors.ts'
import { show } from '../../base/options.ts'
import { isCarrier } from '../../task/run-trace.ts'
import type { ToWorker } from './protocol.ts'

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
