import { type PlainThrown, revivedThrown } from '../../serialize/thrown.ts'
import { unpackValue } from '../functions/carry.ts'
import { errorClasses } from '../functions/error-classes.ts'
import { callable } from '../functions/outside-error.ts'
import type { Uplink } from '../messages/link.ts'
import { type FromWorker, postPacked } from '../messages/protocol.ts'

/** What the calls of a worker have asked of the caller's side and not heard back. */
export class Requests {
  readonly #uplink: Uplink
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>()
  #next = 1

  constructor(uplink: Uplink) {
    this.#uplink = uplink
  }

  /** Rejects as the other side does, or with `SerializationError` when the question or the answer can't be carried. */
  async ask(call: number, name: string, what: unknown): Promise<unknown> {
    const request = this.#next++
    postPacked(
      this.#uplink,
      what,
      { of: 'arguments', name: `a request of ${callable(name)}` },
      (data): FromWorker => ['request', call, request, data],
    )
    const asked = Promise.withResolvers<unknown>()
    this.#open.set(request, asked)
    return asked.promise
  }

  answered(request: number, answer: unknown): void {
    this.#take(request)?.resolve(unpackValue(answer))
  }

  refused(request: number, error: PlainThrown): void {
    this.#take(request)?.reject(revivedThrown(error, errorClasses()))
  }

  #take(request: number): PromiseWithResolvers<unknown> | undefined {
    const asked = this.#open.get(request)
    this.#open.delete(request)
    return asked
  }
}
