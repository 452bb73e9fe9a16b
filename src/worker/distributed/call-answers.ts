import { decode, encode } from './payload.ts'
import { encodeThrown, type FromCaller } from './protocol.ts'

type Publish = (event: keyof FromCaller, fields: Readonly<Record<string, string>>) => Promise<void>

/** Answers what functions ask of their callers, once each: every caller of a job hears its questions. */
export class CallAnswers {
  readonly #publish: Publish
  readonly #answered = new Map<string, Set<string>>()

  constructor(publish: Publish) {
    this.#publish = publish
  }

  async answer(jobId: string, request: string, what: string, ask: (what: unknown) => Promise<unknown>): Promise<void> {
    const answered = this.#answered.get(jobId) ?? new Set()
    this.#answered.set(jobId, answered.add(request))
    const outcome = await outcomeOf(what, ask)
    await this.#publish('answer', { jobId, request, ...outcome }).catch(() => {})
  }

  forget(jobId: string): void {
    this.#answered.delete(jobId)
  }
}

/** What can't be read is answered, too: another version of the library may have written it. */
async function outcomeOf(what: string, ask: (what: unknown) => Promise<unknown>) {
  try {
    return { result: encode(await ask(decode(what)), { of: 'result', name: 'a request' }, Number.POSITIVE_INFINITY) }
  } catch (error) {
    return { error: encodeThrown(error) }
  }
}
