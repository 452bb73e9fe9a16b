import { packValue } from '../functions/carry.ts'
import { type CarryAttempt, carryFailure } from '../functions/carry-failure.ts'
import type { TransferList } from './link.ts'

/** Posts a message with a value in it, or throws the `SerializationError` that says what of the value can't be carried. */
export function postPacked<Message>(
  link: { post(message: Message, transfer?: TransferList): void },
  value: unknown,
  what: CarryAttempt,
  message: (data: unknown) => Message,
): void {
  try {
    const { data, transfer } = packValue(value, what.to)
    link.post(message(data), transfer)
  } catch (error) {
    throw carryFailure(value, error, what)
  }
}
