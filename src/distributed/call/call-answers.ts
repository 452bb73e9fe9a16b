import { decode, encode } from '../protocol/payload.ts'
import { encodeThrown, type FromCaller, MAX_WORDS } from '../protocol/protocol.ts'
import type { QueuedCall } from './queued-call.ts'

type Publish = (event: keyof FromCaller, fields: Readonly<Record<string, string>>) => Promise<void>

/** Answers what functions ask of their callers, once each, however many calls wait for the same job. */
export class CallAnswers {
  readonly #publish: Publish
  readonly #callsOf: (jobId: string) => readonly QueuedCall[]

  /** @param callsOf those that wait for a job */
  constructor(publish: Publish, callsOf: (jobId: string) => readonly QueuedCall[]) {
    this.#publish = publish
    this.#callsOf = callsOf
  }

  async answer(jobId: string, request: string, what: string): Promise<void> {
    for (let call = this.#answering(jobId); call !== undefined; ) {
      const outcome = await outcomeOf(what, call.request.onRequest)
      const next = this.#answering(jobId)
      if (!call.request.signal.aborted || next === undefined || next === call) {
        return await this.#publish('answer', { jobId, request, ...outcome }).catch(() => {})
      }
      // Told to stop, it refuses what another call still wants.
      call = next
    }
  }

  #answering(jobId: string): QueuedCall | undefined {
    const calls = this.#callsOf(jobId)
    return calls.find(call => !call.request.signal.aborted) ?? calls[0]
  }
}

/** What can't be read is answered, too: another version of the library may have written it. */
async function outcomeOf(what: string, ask: (what: unknown) => Promise<unknown>) {
  try {
    return { result: encode(await ask(decode(what, MAX_WORDS)), { of: 'result', name: 'a request' }, MAX_WORDS) }
  } catch (error) {
    return { error: encodeThrown(error) }
  }
}
