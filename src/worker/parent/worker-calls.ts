import { startTimer, type Timer } from '../../base/clock.ts'
import { plainThrown } from '../../serialize/thrown.ts'
import { AttemptContext } from '../../task/context/context.ts'
import { unpackValue } from '../functions/carry.ts'
import { callable } from '../functions/outside-error.ts'
import type { FunctionReference } from '../functions/refer-to.ts'
import type { HostCall, HostCallOptions } from '../messages/host.ts'
import type { Link } from '../messages/link.ts'
import { postCall, postPacked, type ToWorker } from '../messages/protocol.ts'

/** The calls that one worker has, seen from this side. */
export class WorkerCalls {
  readonly link: Link
  /** Hears that the worker has to be ended, as a call of it does not stop. */
  readonly overdue: (name: string) => void
  /** How many calls were told to stop and have not. */
  stopping = 0
  readonly #changed: () => void
  readonly #calls = new Map<number, CallInWorker>()
  readonly #functions = new FunctionNumbers()
  #next = 1

  /** `changed` hears that there is a call more or fewer. */
  constructor(link: Link, changed: () => void, overdue: (name: string) => void) {
    this.link = link
    this.#changed = changed
    this.overdue = overdue
  }

  get size(): number {
    return this.#calls.size
  }

  /** Sends a call; settles as {@link Host.call} does. */
  start(call: HostCall, options: HostCallOptions): Promise<unknown> {
    const id = this.#next++
    const { number, known } = this.#functions.of(call.function)
    try {
      postCall(this.link, id, number, known ? undefined : call.function, call)
    } catch (error) {
      return Promise.reject(error)
    }
    if (!known) this.#functions.sent(call.function, number)
    const inWorker = new CallInWorker(this, id, call.function.name, options)
    this.#calls.set(id, inWorker)
    if (options.task !== undefined) AttemptContext.sendBy(options.task, inWorker)
    this.#changed()
    return inWorker.outcome.promise
  }

  get(id: number): CallInWorker | undefined {
    return this.#calls.get(id)
  }

  /** The call, which is over; it is then for its taker to settle. */
  take(id: number): CallInWorker | undefined {
    const call = this.#calls.get(id)
    if (call === undefined) return undefined
    this.#calls.delete(id)
    if (call.leave()) this.stopping -= 1
    this.#changed()
    return call
  }

  /** The worker is gone: those that were told to stop have, and the others get an error. */
  rejectAll(errorOf: (name: string) => Error): void {
    for (const call of this.#calls.values()) {
      const { signal } = call.options
      call.leave()
      call.outcome.reject(signal.aborted ? signal.reason : errorOf(call.name))
    }
    this.#calls.clear()
  }
}

/** One of them. It listens to its signal itself, which saves a closure a call. */
class CallInWorker {
  readonly name: string
  readonly options: HostCallOptions
  readonly outcome = Promise.withResolvers<unknown>()
  readonly #calls: WorkerCalls
  readonly #id: number
  /** Runs from the abort until the worker is ended. */
  #timer: Timer | undefined
  #left = false

  constructor(calls: WorkerCalls, id: number, name: string, options: HostCallOptions) {
    this.#calls = calls
    this.#id = id
    this.name = name
    this.options = options
    options.signal.addEventListener('abort', this)
    options.sink?.credits.relay(count => {
      if (!this.#left) calls.link.post(['credit', id, count])
    })
  }

  handleEvent(): void {
    const { signal, cleanupTimeout } = this.options
    const { link } = this.#calls
    link.post(['abort', this.#id, plainThrown(signal.reason, link.carry)])
    this.#calls.stopping += 1
    this.#timer = startTimer(cleanupTimeout, () => this.#calls.overdue(this.name))
  }

  /** Passes a message on to its function, in the form in which values cross. */
  send(message: unknown): void {
    if (!this.#left) this.#calls.link.post(['message', this.#id, message])
  }

  /** Takes items of its stream. */
  put(items: readonly unknown[]): void {
    for (const item of items) this.options.sink?.put(item)
  }

  /** Answers what the function asks of this side, with a refusal when the answer is an error or can't be carried. */
  async answer(request: number, what: unknown): Promise<void> {
    const { link } = this.#calls
    try {
      const result = await this.options.onRequest(unpackValue(what))
      postPacked(
        link,
        result,
        { of: 'result', name: `a request of ${callable(this.name)}` },
        (data): ToWorker => ['answer', request, data],
      )
    } catch (error) {
      link.post(['refusal', request, plainThrown(error, link.carry)])
    }
  }

  /** The call has settled: nothing of it stays behind. Returns whether it was told to stop. */
  leave(): boolean {
    this.#left = true
    this.options.signal.removeEventListener('abort', this)
    this.#timer?.cancel()
    return this.#timer !== undefined
  }
}

/** So many functions a worker knows: each of them stays in its memory, with its source. */
const MOST_KNOWN = 1_000

interface Known {
  readonly number: number
  readonly key: string
  /** When it was called last, counted in calls; the number is that of another function once this is `undefined`. */
  used: number | undefined
}

/**
 * The numbers under which one worker knows the functions it was told about. Beyond 1,000 a new function takes the number
 * of the one that was not called for longest, which the worker then forgets.
 */
export class FunctionNumbers {
  /** Most callers hold on to one reference a function: no key has to be put together for those. */
  readonly #byReference = new WeakMap<FunctionReference, Known>()
  readonly #byKey = new Map<string, Known>()
  #calls = 0

  /** The number of a function, and whether the worker knows it. */
  of(reference: FunctionReference): { readonly number: number; readonly known: boolean } {
    const known = this.#known(reference)
    if (known !== undefined) known.used = ++this.#calls
    const { number } = known ?? this.#longestUnused() ?? { number: this.#byKey.size }
    return { number, known: known !== undefined }
  }

  /** The worker has been told: only now, since a message whose arguments can't be cloned never leaves. */
  sent(reference: FunctionReference, number: number): void {
    if (this.#known(reference) !== undefined) return
    const replaced = this.#longestUnused()
    if (replaced !== undefined) {
      replaced.used = undefined
      this.#byKey.delete(replaced.key)
    }
    const known = { number, key: keyOf(reference), used: ++this.#calls }
    this.#byReference.set(reference, known)
    this.#byKey.set(known.key, known)
  }

  #known(reference: FunctionReference): Known | undefined {
    const before = this.#byReference.get(reference)
    if (before?.used !== undefined) return before
    const known = this.#byKey.get(keyOf(reference))
    if (known !== undefined) this.#byReference.set(reference, known)
    return known
  }

  /** The one whose number the next function takes, once there are so many. */
  #longestUnused(): Known | undefined {
    if (this.#byKey.size < MOST_KNOWN) return undefined
    let longest: Known | undefined
    for (const known of this.#byKey.values())
      if ((known.used ?? 0) < (longest?.used ?? Number.POSITIVE_INFINITY)) longest = known
    return longest
  }
}

function keyOf(reference: FunctionReference): string {
  const place = reference.kind === 'module' ? reference.url : reference.source
  return `${reference.kind} ${reference.name} ${place}`
}
