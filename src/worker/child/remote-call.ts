import type { Operation } from 'effection'
import { TaskCancelledError } from '../../base/errors.ts'
import { inContext, isOperation, type KeptError, keepingError, throwKept } from '../../base/operation.ts'
import { type AsyncContext, captureContext } from '../../base/platform.ts'
import { plainThrown } from '../../serialize/thrown.ts'
import { Inbox } from '../../task/context/inbox.ts'
import { normaliseProgress } from '../../task/context/progress.ts'
import { currentCall } from '../../task/current.ts'
import { boundContext, type Carrier, callTraced, everTraced, runs, traceEnd } from '../../task/run-trace.ts'
import type { TaskContext, TaskLimits, TaskPermit } from '../../task/types.ts'
import { unpackArguments, unpackValue } from '../functions/carry.ts'
import { callable } from '../functions/outside-error.ts'
import type { ResolvedFunction } from '../functions/registry.ts'
import type { Uplink } from '../messages/link.ts'
import { type FromWorker, postPacked, type ToWorker } from '../messages/protocol.ts'
import { NO_LIMITS, NO_PERMIT, OWN_PERMIT, RemoteLimits, RemotePermit } from '../messages/remote-limits.ts'
import { ItemBatches } from './item-batches.ts'
import type { Requests } from './requests.ts'

/** What `currentTask()` is inside a worker. */
export interface RemoteContext extends TaskContext {
  /** Asks something of the caller's side; rejects as it does. */
  request(what: unknown): Promise<unknown>
}

/** One call inside its worker: runs the function and sends back what becomes of it. */
export class RemoteCall implements RemoteContext {
  readonly id: number
  readonly name: string
  readonly attempt: number
  readonly #limited: boolean
  readonly #member: number | undefined
  readonly #origin: Carrier | undefined
  readonly #call: number
  readonly #fn: string
  readonly #uplink: Uplink
  readonly #requests: Requests
  readonly #over: () => void
  /** Of a function that gives a stream. */
  readonly #items: ItemBatches | undefined
  #args: unknown
  #ended = false
  #controller: AbortController | undefined
  #halt: (() => void) | undefined
  #inbox: Inbox | undefined
  #limits: TaskLimits | undefined
  #permit: TaskPermit | undefined
  #abort: { readonly reason: unknown } | undefined

  constructor(
    message: Extract<ToWorker, readonly ['call', ...unknown[]]>,
    fn: string,
    uplink: Uplink,
    requests: Requests,
    over: () => void,
  ) {
    const [, call, , , args, id, name, attempt, limited = false, member, origin, stream = false] = message
    this.#limited = limited
    this.#member = member
    this.#origin = origin
    this.#items = stream ? new ItemBatches(uplink, call, fn) : undefined
    this.#call = call
    this.#args = args
    this.id = id
    this.name = name
    this.attempt = attempt
    this.#fn = fn
    this.#uplink = uplink
    this.#requests = requests
    this.#over = over
  }

  /** Whether it has settled; what it left running may go on. */
  get ended(): boolean {
    return this.#ended
  }

  /** Most calls never read it, and a controller costs more than all the rest of a small call. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#abort !== undefined) this.#controller.abort(this.#abort.reason)
    }
    return this.#controller.signal
  }

  /** A function of its own, so that the context may be taken apart. */
  get progress(): TaskContext['progress'] {
    return value => {
      const progress = normaliseProgress(value)
      if (!this.#ended) this.#uplink.post(['progress', this.#call, progress])
    }
  }

  get limits(): TaskLimits {
    if (!this.#limited) return NO_LIMITS
    return (this.#limits ??= new RemoteLimits(what => this.request(what)))
  }

  get permit(): TaskPermit {
    if (!this.#limited) return NO_PERMIT
    return (this.#permit ??= new RemotePermit(what => this.request(what), OWN_PERMIT, this.#member))
  }

  get messages(): AsyncIterableIterator<unknown> {
    return (this.#inbox ??= new Inbox()).read(this.signal)
  }

  message(data: unknown): void {
    const message = unpackValue(data)
    this.#inbox ??= new Inbox()
    this.#inbox.put(message)
  }

  /** So many more items may be sent. */
  credit(count: number): void {
    this.#items?.credits.add(count)
  }

  request(what: unknown): Promise<unknown> {
    // Nobody is there to answer, and a promise that never settles would be the worst of answers.
    if (this.#ended)
      return Promise.reject(new TaskCancelledError(`${callable(this.#fn)} is over, and can ask for nothing`))
    return this.#requests.ask(this.#call, this.#fn, what)
  }

  abort(reason: unknown): void {
    this.#abort = { reason }
    this.#controller?.abort(reason)
    this.#halt?.()
  }

  run(fn: ResolvedFunction): void {
    // It was told to stop before it began.
    if (this.#abort !== undefined) return this.fail(this.#abort.reason)
    try {
      const args = unpackArguments(this.#args)
      this.#args = undefined
      const items = this.#items
      const work = () => (items === undefined ? fn(...args) : items.send(fn(...args), this.signal))
      const returned = currentCall.run(this, () => this.#traced(work))
      if (isObject(returned) && isOperation(returned)) return void this.#runOperation(returned)
      if (isThenable(returned)) return void this.#await(returned)
      this.#succeed(returned)
    } catch (error) {
      this.fail(error)
    }
  }

  #traced(work: () => unknown): unknown {
    if (!runs.hasSubscribers) return work()
    const { id, name, attempt } = this
    return callTraced(this, { id, name, type: undefined, attempt, origin: this.#origin }, work)
  }

  /** By `await`: the `then` of promises may have been replaced. */
  async #await(returned: PromiseLike<unknown>): Promise<void> {
    let result: unknown
    try {
      result = await returned
    } catch (error) {
      return this.fail(error)
    }
    this.#succeed(result)
  }

  /** Told to stop it is halted, and has then stopped for that reason, unless its cleanup fails. */
  async #runOperation(operation: Operation<unknown>): Promise<void> {
    try {
      const { outcome, halt } = await startOperation(
        operation,
        boundContext(this) ?? currentCall.run(this, captureContext),
      )
      let halted: Promise<void> | undefined
      this.#halt = () => {
        halted = halt()
        halted.catch(() => {})
      }
      if (this.#abort !== undefined) this.#halt()
      const result = await outcome.catch(async error => {
        if (halted === undefined) throw error
        await halted
        throw this.#abort?.reason
      })
      this.#succeed(result)
    } catch (error) {
      this.fail(error)
    }
  }

  fail(error: unknown): void {
    try {
      this.#end(false, error)
      this.#fail(error)
    } catch (trouble) {
      this.#uplink.crash(trouble)
    }
  }

  #fail(error: unknown): void {
    if (this.#abort !== undefined && error === this.#abort.reason) return this.#uplink.post(['stopped', this.#call])
    this.#uplink.post(['failure', this.#call, plainThrown(error, this.#uplink.carry)])
  }

  #succeed(result: unknown): void {
    try {
      this.#end(true, result)
      postPacked(
        this.#uplink,
        result,
        { of: 'result', name: this.#fn },
        (data): FromWorker => ['result', this.#call, data],
      )
    } catch (error) {
      this.fail(error)
    }
  }

  #end(ok: boolean, value: unknown): void {
    this.#ended = true
    if (everTraced) traceEnd(this, ok, value)
    this.#over()
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function'
}

/** An operation inside a worker. */
interface RemoteOperation {
  /** How it ended: with its result, or with its error, once its scope is torn down. */
  readonly outcome: Promise<unknown>
  /** Halts it; resolves when it has stopped, rejects with what its cleanup threw. */
  halt(): Promise<void>
}

/** Runs an operation, every step of it in `context`. Effection is loaded by the first: most functions are none. */
async function startOperation(operation: Operation<unknown>, context: AsyncContext): Promise<RemoteOperation> {
  const { run } = await import('effection')
  const kept: KeptError = {}
  const check = () => throwKept(kept)
  const running = context.runInAsyncScope(() => run(() => keepingError(inContext(operation, context), kept)))
  const outcome = running.then(value => value).finally(check)
  return { outcome, halt: () => context.runInAsyncScope(() => running.halt().then(check)) }
}
