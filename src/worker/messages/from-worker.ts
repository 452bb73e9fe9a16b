import { SerializationError } from '../../base/errors.ts'
import { show } from '../../base/options.ts'
import { normaliseProgress } from '../../task/context/progress.ts'
import type { TaskProgress } from '../../task/types.ts'
import type { FromWorker } from './protocol.ts'

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
