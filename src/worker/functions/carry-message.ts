import { SerializationError } from '../../base/errors.ts'
import { packValue } from './carry.ts'
import { carryFailure } from './carry-failure.ts'
import { copyFor } from './uncarriable.ts'

/**
 * A message to a call, copied for the way to its worker: it is refused now, though it may have to wait. Throws
 * `SerializationError`, also for what would have to be moved there.
 */
export function carryMessage(message: unknown, to: 'thread' | 'process'): unknown {
  let moved = 0
  try {
    const { data, transfer } = packValue(message, to)
    moved = transfer.length
    if (moved === 0) return copyFor(to, data)
  } catch (error) {
    throw carryFailure([message], error, { of: 'arguments', name: 'send', to })
  }
  throw new SerializationError(
    'a message to a call is copied, and transfer() can move nothing with it: pass it as an argument',
  )
}
