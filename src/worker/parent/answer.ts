import { plainThrown } from '../../serialize/thrown.ts'
import { unpackValue } from '../functions/carry.ts'
import { callable } from '../functions/outside-error.ts'
import type { Link } from '../messages/link.ts'
import { postPacked } from '../messages/post-packed.ts'
import type { ToWorker } from '../messages/protocol.ts'
import type { CallInWorker } from './call-in-worker.ts'

/** Answers what a call asks of this side, with a refusal when the answer is an error or can't be carried. */
export async function answer(link: Link, call: CallInWorker, request: number, what: unknown): Promise<void> {
  try {
    const result = await call.options.onRequest(unpackValue(what))
    postPacked(
      link,
      result,
      { of: 'result', name: `a request of ${callable(call.name)}`, to: link.kind },
      (data): ToWorker => ['answer', request, data],
    )
  } catch (error) {
    link.post(['refusal', request, plainThrown(error, link.carry)])
  }
}
